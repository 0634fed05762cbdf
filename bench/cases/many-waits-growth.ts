import { monotonic } from '../clock.ts';
import type { Contender } from '../measure.ts';
import { type AskForAll, reflock, settle } from './ask-for-all.ts';
import type { Case } from './case.ts';
import { type HeldFiles, holdFiles } from './held-files.ts';
import { MANY } from './many-waits.ts';

/** Samples in a turn. */
const COUNT = 2;

/**
 * What a wait costs when it is one of few or of many. Timed are two spans, and not the rest
 * between them: from before the first `lock()` until the last one has returned its promise, and from
 * before the other process's first release until the last promise has resolved.
 */
export const manyWaitsGrowthCase: Case = {
  name: 'many-waits-growth',
  title: "time to ask for another process's files and to be granted them, for each of so many",
  bounds: { 'reflock, 1000 waits': 1.5, 'reflock, 100 waits': 1.5 },
  grows: 'waits',
  rounds: 3,
  contenders: (path) => {
    const held = holdFiles(path);
    const askForAll = reflock();
    return [
      { ...waiting(MANY, 1, held, askForAll), end: () => held.end() },
      waiting(1000, COUNT, held, askForAll),
      waiting(100, COUNT, held, askForAll),
    ];
  },
};

function waiting(waits: number, count: number, held: HeldFiles, askForAll: AskForAll): Contender {
  return {
    name: `reflock, ${waits} waits`,
    at: { series: 'reflock', size: waits },
    count,
    measure: async (count) => {
      const samples: number[] = [];
      for (let i = 0; i < count; i++) samples.push(await costOfEach(waits, held, askForAll));
      return samples;
    },
  };
}

async function costOfEach(count: number, held: HeldFiles, askForAll: AskForAll): Promise<number> {
  const files = await held.hold(count);
  const began = monotonic();
  const waits = askForAll(files);
  const asked = monotonic();
  await settle();
  const [released, granted] = await Promise.all([held.release(), waits.granted.then(monotonic)]);
  waits.release();
  return Number(asked - began + granted - released) / count;
}
