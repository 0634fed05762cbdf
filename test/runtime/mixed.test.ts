import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lookAtSource } from '../long/mixed/look.ts';
import { hasContainers, idle, mix } from '../long/mixed/mix.ts';
import { layOut, makeScene } from '../long/mixed/scene.ts';
import { anySeed } from '../support/random.ts';
import { runtime } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';

/**
 * For how long, in seconds; `npm run mixed` lasts longer. It takes as long as the machine needs until
 * everybody has done something, so after a first time there is a second one and a third.
 */
const SECONDS = [5, 10, 20];

test('whoever is in a source notices what is missing, and another one in its place', () => {
  const scene = makeScene(mkdtempSync(join(temp, 'scene-')));
  const root = join(scene.base, 'usr-1');
  const look = lookAtSource(scene, root);
  assert.is(look(), undefined);
  rmSync(join(root, 'bin/file-0'));
  assert.match(look()!, /^bin is a directory .*, bin\/file-0 is missing$/);
  rmSync(root, { recursive: true });
  assert.match(look()!, 'ENOENT');
  layOut(scene, 'usr-1');
  assert.match(look()!, / and was /);
  assert.is(lookAtSource(scene, root)(), undefined);
});

// All three runtimes take part whichever of them starts it, so one that does is enough.
if (runtime === 'node') {
  test('copiers, collectors and users on all runtimes keep their promises to each other', async () => {
    if (!hasContainers) {
      console.log('skipped: bwrap is not installed or cannot make containers here');
    }
    const idlers: string[][] = [];
    for (const seconds of SECONDS) {
      const seed = anySeed();
      const { played, violations } = await mix(seconds, seed);
      assert.equal(violations, [], `seed ${seed}\n${violations.join('\n')}`);
      assert.is(played.length, hasContainers ? 8 : 7);
      idlers.push(idle(played));
      if (idlers.at(-1)!.length === 0) return;
    }
    assert.unreachable(JSON.stringify(idlers));
  });
}

test.run();
