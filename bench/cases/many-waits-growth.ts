import { monotonic } from '../clock.ts';
import type { Absent, Contender } from '../measure.ts';
import { loadIfItWorks } from '../peers/package.ts';
import { type AskForAll, fsNativeExtensions, reflock, settle } from './ask-for-all.ts';
import type { Case } from './case.ts';
import { type HeldFiles, holdFiles } from './held-files.ts';
import { MANY } from './many.ts';

/** How many wait: the most come first, whom the bounds compare with fewer. */
const SIZES = [MANY, 1000, 100, 10];
/** Samples in a turn of those that are not many. */
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
    const [first, ...rest] = SIZES.map((size) => waiting('reflock', size, held, askForAll));
    return [{ ...first!, end: () => held.end() }, ...rest, ...peers(path, held)];
  },
};

function peers(path: string, held: HeldFiles): (Contender | Absent)[] {
  const addon = loadIfItWorks('fs-native-extensions', 'waitForLock', path);
  if ('absent' in addon) return [addon];
  const askForAll = fsNativeExtensions(addon);
  return SIZES.map((size) => waiting('fs-native-extensions', size, held, askForAll));
}

function waiting(series: string, size: number, held: HeldFiles, askForAll: AskForAll): Contender {
  return {
    name: `${series}, ${size} waits`,
    at: { series, size },
    count: size === MANY ? 1 : COUNT,
    measure: async (count) => {
      const samples: number[] = [];
      for (let i = 0; i < count; i++) samples.push(await costOfEach(size, held, askForAll));
      return samples;
    },
  };
}

async function costOfEach(count: number, held: HeldFiles, askForAll: AskForAll): Promise<number> {
  const files = await held.hold(count);
  const began = monotonic();
  const waits = askForAll(files);
  const asked = monotonic();
  await waits.outstanding();
  await settle();
  const [released, granted] = await Promise.all([held.release(), waits.granted.then(monotonic)]);
  waits.release();
  return Number(asked - began + granted - released.began) / count;
}
