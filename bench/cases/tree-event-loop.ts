import { dirname, join } from 'node:path';
import { createCopy, removeRuntime } from '../../src/runtime/mod.ts';
import type { Case } from './case.ts';
import { loopDelay } from './loop-delay.ts';
import { makeSampleTree, sampleTitle } from './sample-tree.ts';
import { freshName } from './spread.ts';

/** What work on whole trees does to the event loop. */
export const treeEventLoopCase: Case = {
  name: 'tree-event-loop',
  title:
    `event loop delay, 99th percentile of a second, with copies of ${sampleTitle} made and removed`,
  bounds: {},
  allowances: { idle: 2e6 },
  tolerance: 2e6,
  rounds: 3,
  contenders: (path) => {
    const directory = dirname(path);
    makeSampleTree(directory);
    return [
      { name: 'reflock', count: 1, measure: () => whileWorking(directory, loopDelay) },
      { name: 'idle', count: 1, measure: loopDelay },
    ];
  },
};

/** Does something while copies are made and removed, one after the other. */
async function whileWorking<T>(directory: string, work: () => Promise<T>): Promise<T> {
  let over = false;
  const working = (async () => {
    while (!over) {
      const { path, lock } = await createCopy(
        join(directory, 'source'),
        join(directory, freshName()),
      );
      lock.release();
      await removeRuntime(path);
    }
  })();
  try {
    return await work();
  } finally {
    over = true;
    await working;
  }
}
