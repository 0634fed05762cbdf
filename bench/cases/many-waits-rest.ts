import { monotonic, processorTime } from '../clock.ts';
import type { Absent, Contender } from '../measure.ts';
import { loadIfItWorks } from '../peers/package.ts';
import { type AskForAll, fsNativeExtensions, reflock, settle } from './ask-for-all.ts';
import type { Case } from './case.ts';
import { type HeldFiles, holdFiles } from './held-files.ts';
import { loopDelay } from './loop-delay.ts';
import { MANY, MANY_IN_WORDS } from './many.ts';

/** How long nothing happens, in milliseconds. */
const REST = 2000;

/** What many outstanding waits do to the event loop. */
export const manyWaitsEventLoopCase: Case = {
  name: 'many-waits-event-loop',
  title: `event loop delay, 99th percentile of a second, with ${MANY_IN_WORDS} waits outstanding`,
  bounds: {},
  allowances: { idle: 2e6 },
  tolerance: 1e6,
  rounds: 1,
  contenders: (path) => {
    const held = holdFiles(path);
    return [
      { ...whileWaiting('reflock', held, reflock(), loopDelay), end: () => held.end() },
      { name: 'idle', count: 1, cold: true, measure: loopDelay },
    ];
  },
};

/** What it costs to wait for much of which nothing comes. */
export const manyWaitsProcessorCase: Case = {
  name: 'many-waits-cpu',
  title:
    `processor time, of one core, during 2 s with ${MANY_IN_WORDS} waits in which nothing happens`,
  unit: 'percent',
  bounds: {},
  limits: { median: 3 },
  tolerance: 2,
  rounds: 1,
  contenders: (path) => {
    const held = holdFiles(path);
    return [
      { ...whileWaiting('reflock', held, reflock(), rest), end: () => held.end() },
      resting(path, held),
    ];
  },
};

function resting(path: string, held: HeldFiles): Contender | Absent {
  const addon = loadIfItWorks('fs-native-extensions', 'waitForLock', path);
  if ('absent' in addon) return addon;
  return whileWaiting('fs-native-extensions', held, fsNativeExtensions(addon), rest);
}

/** Measures something while there are waits for many files that another process holds. */
function whileWaiting(
  name: string,
  held: HeldFiles,
  askForAll: AskForAll,
  measure: () => Promise<number[]>,
): Contender {
  return {
    name,
    count: 1,
    cold: true,
    measure: async () => {
      const waits = askForAll(await held.hold(MANY));
      await waits.outstanding();
      await settle();
      const samples = await measure();
      await Promise.all([held.release(), waits.granted]);
      waits.release();
      return samples;
    },
  };
}

async function rest(): Promise<number[]> {
  const began = monotonic();
  const used = processorTime();
  await new Promise((resolve) => setTimeout(resolve, REST));
  return [100 * Number(processorTime() - used) / Number(monotonic() - began)];
}
