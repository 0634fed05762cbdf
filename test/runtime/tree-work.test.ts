import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runTask } from '../../src/lock/task-threads.ts';
import { newTreeWords, TOTAL } from '../../workers/tree-task.ts';
import { openPlace } from '../support/open-place.ts';
import { makeTree, newPlace } from '../support/trees.ts';

test('a total is told when everything is counted, and no part of it before', async () => {
  const files = Array.from({ length: 600 }, (_, i) => `d${i % 6}/f${i}`);
  const tree = openPlace(makeTree(newPlace(), files));
  const count = async () => {
    const words = newTreeWords();
    const totals = new Set<number>();
    let over = false;
    const task = { work: 'survey', words, tree: tree.fd, before: 'copy' } as const;
    const counting = runTask(task).finally(() => over = true);
    for (; !over; await turn()) totals.add(Atomics.load(words, TOTAL));
    await counting;
    return [...totals, Atomics.load(words, TOTAL)];
  };
  for (let round = 0; round < 20; round++) {
    for (const total of await count()) assert.ok(total === 0 || total === 606, `${total}`);
  }
  tree.close();
});

test.run();
