/**
 * Whether a process that hands a lock on among its own waiters lets others have it as well.
 *
 * While the lock goes from one of our 1,000 waiters to the next, another process asks for it at odd
 * moments, in `F_OFD_SETLKW`. It notes the time just before the call and just after, and we note the
 * time of each of our grants, on the same clock. What counts is how many of ours lie between.
 */

import { LockEngine } from '../../src/mod.ts';
import { monotonic } from '../clock.ts';
import type { Absent, Contender } from '../measure.ts';
import { compile } from '../peers/c.ts';
import { loadIfItWorks } from '../peers/package.ts';
import { type Program, startProgram } from '../peers/program.ts';
import { scriptCommand } from '../place.ts';
import type { Case } from './case.ts';
import { fsNativeExtensions, handOn, type Locker, reflock } from './hand-on.ts';

/** How many wait. */
const WAITS = 1000;
/** The most microseconds that the other process leaves between two askings. */
const PAUSE = 3000;

/**
 * Who had no processor for so many nanoseconds, half of our recess, may have missed one: that was the
 * machine's doing.
 */
const KEPT = 500_000n;

/** By those who hold the lock for no time at all. */
export const letInCase: Case = letIn('let-in', 'hands it on at once', () => undefined);

/** By those who hold it while the event loop goes round once. */
export const letInHeldCase: Case = letIn(
  'let-in-held',
  'holds it for a turn of the event loop each',
  () => new Promise((resolve) => setImmediate(resolve)),
);

function letIn(name: string, what: string, hold: () => Promise<void> | undefined): Case {
  return {
    name,
    title: `grants to a process that ${what}, while another one waits for the file`,
    unit: 'grants',
    bounds: {},
    limits: { maximum: 16 },
    tolerance: 8,
    rounds: 5,
    contenders: (path) => {
      const compiled = compile('waiter');
      const command = 'absent' in compiled ? scriptCommand('bench/peers/waiter.ts') : compiled;
      const other = startProgram([...command, path]);
      const measured = (name: string, locker: Locker): Contender => ({
        name,
        count: 1,
        measure: async () => {
          for (;;) {
            const samples = await grantsMeanwhile(locker, path, other, hold);
            if (samples.length > 0) return samples;
          }
        },
      });
      return [
        { ...measured('reflock', reflock(new LockEngine())), end: () => other.end() },
        peer(path, (locker) => measured('fs-native-extensions', locker)),
      ];
    },
  };
}

function peer(path: string, measured: (locker: Locker) => Contender): Contender | Absent {
  const addon = loadIfItWorks('fs-native-extensions', 'waitForLock', path);
  return 'absent' in addon ? addon : measured(fsNativeExtensions(addon));
}

/** Counts our grants between each time that the other one asked while we handed on, and its grant. */
async function grantsMeanwhile(
  locker: Locker,
  path: string,
  other: Program,
  hold: () => Promise<void> | undefined,
): Promise<number[]> {
  const grants: bigint[] = [];
  const answers: string[] = [];
  const askOn = async (): Promise<void> => {
    while (grants.length < WAITS) {
      answers.push(await other.ask(`${Math.floor(Math.random() * PAUSE)}`));
    }
  };
  let asking: Promise<void> | undefined;
  await handOn(locker, path, WAITS, () => {
    grants.push(monotonic());
    asking ??= askOn();
    return hold();
  });
  await asking;
  return answers
    .map((answer) => answer.split(' ').map(BigInt))
    .filter(([asked]) => asked! < grants.at(-1)!)
    .filter(([, , kept]) => kept! < KEPT)
    .map(([asked, granted]) => grants.filter((one) => one > asked! && one < granted!).length);
}
