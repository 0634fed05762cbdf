/**
 * Processes that want one lock at the same time, and hold it for no time at all.
 *
 * Each takes and releases it so many times as fast as it can. What is told is the time from the word to
 * begin until the last one is through, for each grant.
 */

import { monotonic } from '../clock.ts';
import type { Absent, Contender } from '../measure.ts';
import { compile } from '../peers/c.ts';
import { type Program, startProgram } from '../peers/program.ts';
import { scriptCommand } from '../place.ts';
import type { Case } from './case.ts';

/** How many contend. */
const SIZES = [1, 2, 4, 8, 16];
/** Grants to all of them together in a turn. */
const GRANTS = 8000;

/** What a grant costs where several processes want the lock. */
export const processesCase: Case = {
  name: 'processes',
  title: 'await lock() and release() of a lock that so many processes want, time for each grant',
  bounds: {},
  // Two processes of C wait for each other in one run, and hardly meet in the next.
  alone: true,
  grows: 'processes',
  // Whoever finds the lock busy sleeps, and has it while its thread and then its event loop wake up. The
  // more sleep, the more of the grants take as long as that.
  steepest: 1.6,
  rounds: 7,
  contenders: (path) => {
    const script = scriptCommand('bench/cases/contending-process.ts');
    return [...contending('reflock', [...script, path]), ...inC(path)];
  },
};

function inC(path: string): (Contender | Absent)[] {
  const command = compile('contend');
  return 'absent' in command ? [command] : contending('C', [...command, path]);
}

/** The processes are started once; in each size the first of them work. */
function contending(series: string, command: readonly string[]): Contender[] {
  const all = Array.from({ length: Math.max(...SIZES) }, () => startProgram(command));
  const contenders = SIZES.map((size): Contender => ({
    name: `${series}, ${size} ${size === 1 ? 'process' : 'processes'}`,
    at: { series, size },
    count: GRANTS,
    elsewhere: true,
    measure: async (count) => [await timeOfGrant(all.slice(0, size), Math.round(count / size))],
  }));
  const [first, ...rest] = contenders;
  return [{ ...first!, end: () => all.forEach((one) => one.end()) }, ...rest];
}

async function timeOfGrant(programs: readonly Program[], count: number): Promise<number> {
  const work = (count: number) => Promise.all(programs.map((one) => one.ask(`${count}`)));
  // Threads that had nothing to do since the last turn have ended, and new ones take long to start.
  await work(Math.round(count / 4));
  const began = monotonic();
  await work(count);
  return Number(monotonic() - began) / (programs.length * count);
}
