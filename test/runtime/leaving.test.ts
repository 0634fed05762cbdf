import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage, createCopy } from '../../src/runtime/mod.ts';
import { within } from '../support/eventually.ts';
import { testOfd } from '../support/kind.ts';
import { startScript } from '../support/process.ts';
import { makeTree, newPlace } from '../support/trees.ts';

const source = makeTree(newPlace(), Array.from({ length: 3000 }, (_, i) => `usr/d${i}/f`));

for (const [how, code] of [['exit', 7], ['throw', 1], ['terminate', 0]] as const) {
  // A Worker has no other locks than those of open file descriptions.
  (how === 'terminate' ? testOfd : test)(
    `a program may leave by ${how} in the middle of a copy`,
    async () => {
      const parent = newPlace();
      const program = startScript('test/fixtures/leaving-tree.ts', [how, source, parent]);
      const ended = await within(10_000, `the end by ${how}: ${program.stderr()}`, program.ended);
      assert.equal(ended, { code, signal: null }, program.stderr());
      assert.is(await program.line(), how === 'terminate' ? 'terminated' : undefined);
      assert.match(readdirSync(parent).sort().join(), /^\.ref,tmp-partial-\w+$/);
      assert.is((await collectGarbage(parent)).deleted.length, 1);
      assert.equal(readdirSync(parent), ['.ref']);
    },
  );
}

test('the event loop goes on during a copy and a collection', async () => {
  const parent = newPlace();
  let turns = 0;
  const counting = setInterval(() => turns++, 1);
  const copy = await createCopy(source, parent);
  const during = turns;
  copy.lock.release();
  await collectGarbage(parent);
  clearInterval(counting);
  assert.ok(during > 5, `${during} turns during the copy`);
  assert.ok(turns > during + 5, `${turns - during} turns during the collection`);
});

test.run();
