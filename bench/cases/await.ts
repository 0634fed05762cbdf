import { lock } from '../../src/mod.ts';
import { type Absent, type Contender, time } from '../measure.ts';
import { properLockfile, type Waiting, waitingInKernel } from '../peers/waiting.ts';
import type { Case } from './case.ts';
import { uncontendedC } from './uncontended-c.ts';

/** A free lock by the function that would wait for it. */
export const awaitCase: Case = {
  name: 'await',
  title: 'await lock() and release() of a free lock',
  bounds: { C: 1.6 },
  rounds: 100,
  contenders: (path) => [
    reflock(path),
    uncontendedC(path),
    ...[...waitingInKernel(path), properLockfile(path)].map((one) => peer(path, one)),
  ],
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

function peer(path: string, peer: Waiting | Absent): Contender | Absent {
  if ('absent' in peer) return peer;
  const { name, take } = peer;
  return {
    name,
    measure: (count) =>
      time(count, async (count) => {
        for (let i = 0; i < count; i++) {
          const release = await take(path);
          const released = release();
          // To wait for nothing would take a turn of the microtasks.
          if (released !== undefined) await released;
        }
      }),
  };
}
