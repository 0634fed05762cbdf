import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { manifest } from '../../support/manifest.ts';
import { linkCopy, linkRuntime } from '../../support/sample-runtime.ts';
import { entriesOf, type Ground } from './ground.ts';
import type { Operation } from './operation.ts';

/** What is removed, in turn; gives where it lies and whether a collection would take it too. */
const kinds: readonly ((ground: Ground) => { path: string; garbage: boolean })[] = [
  ({ base, source }) => {
    const path = join(base, 'obsolete');
    linkRuntime(source, path);
    return { path, garbage: false };
  },
  ({ parent, source }) => {
    const path = join(parent, 'tmp-obsolete');
    linkCopy(source, path);
    return { path, garbage: true };
  },
  ({ base, source }) => {
    const path = join(base, 'deployment');
    linkRuntime(source, join(path, 'files'));
    mkdirSync(join(path, 'export'));
    writeFileSync(join(path, 'metadata'), '');
    return { path, garbage: false };
  },
  // An entry `keep` is a word to collectors, not to whoever removes this very runtime.
  ({ base, source }) => {
    const path = join(base, 'kept');
    linkRuntime(source, path);
    writeFileSync(join(path, 'keep'), '');
    return { path, garbage: false };
  },
];

/** `removeRuntime()`. */
export const remover: Operation = {
  name: 'remover',
  prepare: (ground, round) => {
    const { path, garbage } = kinds[round % kinds.length]!(ground);
    const { base, parent, bystanders } = ground;
    const place = garbage ? parent : base;
    return {
      order: ['remove', path],
      prey: new Map([[path, manifest(path)]]),
      state: () => {
        if (existsSync(path)) return 'before';
        return entriesOf(place).every((entry) => bystanders.has(entry)) ? 'after' : 'middle';
      },
      collect: { parent: place, options: {} },
      left: garbage ? [] : [path],
    };
  },
};
