import { closeSync, openSync } from 'node:fs';
import { lock } from '../../src/mod.ts';
import { type Absent, type Contender, time } from '../measure.ts';
import { loadIfItWorks } from '../peers/fs-native-extensions.ts';
import type { Case } from './case.ts';
import { uncontendedC } from './uncontended-c.ts';

/** A free lock by the function that would wait for it. */
export const awaitCase: Case = {
  name: 'await',
  title: 'await lock() and release() of a free lock',
  bounds: { C: 1.6 },
  rounds: 100,
  contenders: (path) => [reflock(path), uncontendedC(path), fsNativeExtensions(path)],
};

function reflock(path: string): Contender {
  return {
    name: 'reflock',
    measure: (count) =>
      time(count, async (count) => {
        for (let i = 0; i < count; i++) (await lock(path)).release();
      }),
  };
}

/** Without the identity check, which is nothing beside the thread that each wait starts. */
function fsNativeExtensions(path: string): Contender | Absent {
  const addon = loadIfItWorks('waitForLock', path);
  if ('absent' in addon) return addon;
  return {
    name: 'fs-native-extensions',
    measure: (count) =>
      time(count, async (count) => {
        for (let i = 0; i < count; i++) {
          const fd = openSync(path, 'r+');
          await addon.waitForLock(fd);
          closeSync(fd);
        }
      }),
  };
}
