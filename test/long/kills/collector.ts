import { existsSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { difference, type Manifest, manifest } from '../../support/manifest.ts';
import { linkCopy, linkRuntime } from '../../support/sample-runtime.ts';
import { CURRENT, entriesOf, type Ground } from './ground.ts';
import type { Operation } from './operation.ts';

/** `collectGarbage()` with all that it can be asked to collect. */
export const collector: Operation = {
  name: 'collector',
  prepare: (ground) => {
    const { base, parent, places, bystanders } = ground;
    const prey = layOutGarbage(ground);
    const half = join(parent, 'tmp-partial-0');
    layOutHalf(ground, half);
    const before = manifest(half);
    const options = { currentDeployments: [CURRENT], legacyBase: base };
    return {
      order: ['collect', parent, options],
      prey,
      state: () => {
        const all = [half, ...prey.keys()].every((path) => existsSync(path));
        if (all && difference(before, manifest(half)) === undefined) return 'before';
        const none = places.flatMap(entriesOf).every((path) => bystanders.has(path));
        return none ? 'after' : 'middle';
      },
      collect: { parent, options },
      left: [],
    };
  },
};

function layOutGarbage(
  { base, parent, source, copy }: Ground,
): Map<string, Manifest | 'no runtime'> {
  const [whole, bare, other] = ['tmp-whole', 'tmp-bare', 'tmp-other']
    .map((name) => join(parent, name)) as [string, string, string];
  linkCopy(source, whole);
  linkCopy(source, bare);
  for (const ref of ['.ref', 'usr/.ref']) unlinkSync(join(bare, ref));
  mkdirSync(other);
  writeFileSync(join(other, 'file'), '');
  const prey = new Map<string, Manifest | 'no runtime'>([
    [whole, copy],
    [bare, manifest(bare)],
    [other, 'no runtime'],
  ]);
  const deployment = join(parent, 'deploy-old');
  linkRuntime(source, join(deployment, 'files'));
  prey.set(deployment, manifest(deployment));
  for (const legacy of [join(base, 'scout_0.1'), join(base, '.soldier_1_unpack-temp')]) {
    linkRuntime(source, legacy);
    prey.set(legacy, manifest(legacy));
  }
  return prey;
}

/** What somebody has left who was killed while making a copy. */
function layOutHalf({ source }: Ground, path: string): void {
  for (const name of ['lib', 'share']) {
    linkRuntime(join(source, name), join(path, 'usr', name));
  }
  mkdirSync(join(path, 'usr/bin'));
}
