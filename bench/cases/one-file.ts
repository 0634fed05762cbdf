import { LockEngine } from '../../src/mod.ts';
import { monotonic } from '../clock.ts';
import type { Absent, Contender } from '../measure.ts';
import { loadIfItWorks } from '../peers/package.ts';
import type { Case } from './case.ts';
import { fsNativeExtensions, handOn, type Locker, reflock } from './hand-on.ts';

/** How many wait. */
const WAITS = 1000;

/** A lock that goes from one waiter of the process to the next, in the order in which they asked. */
export const oneFileCase: Case = {
  name: 'one-file',
  title: "from release() to the next of 1,000 waiters' resolved promise, in one process",
  bounds: {},
  limits: { median: { node: 10e3 }, p99: {} },
  alone: true,
  rounds: 7,
  contenders: (path) => {
    const engine = new LockEngine();
    let expected = 0;
    const check = (index: number): void => {
      if (index !== expected) throw new Error(`waiter ${index} came before ${expected}`);
      expected = (index + 1) % WAITS;
      const { blocked } = engine.stats();
      if (blocked > 1) throw new Error(`${blocked} threads wait for one file`);
    };
    return [handOvers('reflock', path, reflock(engine), check), peer(path)];
  },
};

function peer(path: string): Contender | Absent {
  const addon = loadIfItWorks('fs-native-extensions', 'waitForLock', path);
  if ('absent' in addon) return addon;
  return handOvers('fs-native-extensions', path, fsNativeExtensions(addon), () => {});
}

/** `check` is called for each grant, in a time that does not count. */
function handOvers(
  name: string,
  path: string,
  locker: Locker,
  check: (index: number) => void,
): Contender {
  return {
    name,
    count: 1,
    measure: async () => {
      const samples: number[] = [];
      let released: bigint | undefined;
      await handOn(locker, path, WAITS, (index) => {
        const granted = monotonic();
        if (released !== undefined) samples.push(Number(granted - released));
        check(index);
        released = monotonic();
      });
      return samples;
    },
  };
}
