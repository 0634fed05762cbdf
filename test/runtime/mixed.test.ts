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

/** For how long, in seconds; `npm run mixed` lasts longer. */
const SECONDS = 5;

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
    const seed = anySeed();
    const { played, violations } = await mix(SECONDS, seed);
    assert.equal(violations, [], `seed ${seed}\n${violations.join('\n')}`);
    assert.equal(idle(played), [], `seed ${seed}`);
    assert.is(played.length, hasContainers ? 8 : 7);
  });
}

test.run();
