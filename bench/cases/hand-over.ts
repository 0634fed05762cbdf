/**
 * How long a lock is nobody's between another process's release and our resolved promise.
 *
 * The other process holds the lock, that of `fcntl(2)` and that of `flock(2)` on one descriptor; we wait
 * for one of them; it looks into `/proc/locks` until the kernel has us in its queue, lets us fall idle,
 * notes the time and closes the file. We note the time when the promise has resolved, on the same clock.
 * All contenders have the same holder, who cannot tell which of them it is.
 */

import { lock } from '../../src/mod.ts';
import { monotonic } from '../clock.ts';
import { type Absent, absent, type Contender } from '../measure.ts';
import { compile } from '../peers/c.ts';
import { type Program, startProgram } from '../peers/program.ts';
import { type Waiting, waitingInKernel } from '../peers/waiting.ts';
import { scriptCommand } from '../place.ts';
import type { Case } from './case.ts';

/** Hand-overs in a turn: enough for a median, few enough to keep the turns close together. */
const COUNT = 7;

/** A lock that another process releases while we wait. */
export const handOverCase: Case = {
  name: 'hand-over',
  title: "from another process's release to our resolved promise",
  bounds: { 'fs-native-extensions': 1 },
  limits: { p99: {} },
  rounds: 60,
  contenders: (path) => {
    const compiled = compile('holder');
    const command = 'absent' in compiled ? scriptCommand('bench/peers/holder.ts') : compiled;
    const holder = startProgram([...command, path]);
    return [
      reflock(path, holder),
      cProcess(path, holder),
      ...waitingInKernel(path).map((one) => peer(path, holder, one)),
      absent('proper-lockfile', 'takes no part in locks of the kernel'),
    ];
  },
};

function reflock(path: string, holder: Program): Contender {
  return {
    ...handOvers('reflock', holder, async () => {
      const held = await lock(path);
      const granted = monotonic();
      held.release();
      return granted;
    }),
    end: () => holder.end(),
  };
}

function peer(path: string, holder: Program, peer: Waiting | Absent): Contender | Absent {
  if ('absent' in peer) return peer;
  const { name, take } = peer;
  return handOvers(name, holder, async () => {
    const release = await take(path);
    const granted = monotonic();
    await release();
    return granted;
  });
}

function cProcess(path: string, holder: Program): Contender | Absent {
  const command = compile('waiter');
  if ('absent' in command) return command;
  const waiter = startProgram([...command, path]);
  return {
    ...handOvers('C', holder, async () => BigInt((await waiter.ask('0')).split(' ')[1]!)),
    elsewhere: true,
    end: () => waiter.end(),
  };
}

/** `wait` waits for the lock, gives it back, and tells when it had it. */
function handOvers(name: string, holder: Program, wait: () => Promise<bigint>): Contender {
  return {
    name,
    count: COUNT,
    measure: async (count) => {
      const samples: number[] = [];
      for (let i = 0; i < count; i++) {
        await holder.ask('hold');
        const waiting = wait();
        const [granted, released] = await Promise.all([waiting, holder.ask('release')]);
        samples.push(Number(granted - BigInt(released)));
      }
      return samples;
    },
  };
}
