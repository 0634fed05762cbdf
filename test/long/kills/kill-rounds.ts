import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../support/eventually.ts';
import { type Program, startScript } from '../../support/process.ts';
import { Random } from '../../support/random.ts';
import { removeTree } from '../../support/sample-runtime.ts';
import { temp } from '../../support/temp.ts';
import type { Ground } from './ground.ts';
import { inspect } from './inspect.ts';
import type { Operation, State, Task } from './operation.ts';

/** What came of killing an operation again and again. */
export interface Outcome {
  /** How long it takes when nobody kills it, in milliseconds. */
  readonly took: number;
  /** How many kills found it how far. */
  readonly killed: Record<State, number>;
  /** The promises that were broken, with the round. */
  readonly violations: readonly string[];
}

/** In how many rounds its duration is measured again, which a busy machine changes. */
const MEASURE_EVERY = 20;
/** How many of the last measurements count. */
const COUNTED = 3;
/** The last moment for a kill, as a part of the duration. */
const LATEST = 1.1;
/** How many times as many kills there may be until one has hit the work itself. */
const MORE = 10;
/** After so many violations there is nothing more to learn. */
const ENOUGH = 5;
/** Timers are not exact: so long before its moment a kill is waited for without one, in ms. */
const EXACT = 3;
/** How long anything may take, in milliseconds. */
const LIMIT = 30_000;

/**
 * Kills an operation so many times, each time in another process, at moments that are spread over
 * its duration: one at random in each of as many equal parts, in random order. If by then no kill
 * has hit the work itself, which a few may all miss, it goes on until one does.
 */
export async function killRounds(
  ground: Ground,
  operation: Operation,
  count: number,
  seed: number,
): Promise<Outcome> {
  const random = new Random(seed);
  const parts = random.shuffle(Array.from({ length: count }, (_, part) => part));
  const killed = { before: 0, middle: 0, after: 0 };
  const violations: string[] = [];
  const durations: number[] = [];
  let next = startVictim();
  const live = async (round: number, moment?: number): Promise<State> => {
    const victim = await next;
    const task = operation.prepare(ground, round);
    const duration = await killAt(victim, task, moment);
    if (moment === undefined) durations.push(duration);
    // While what it has left is inspected, the next one loads.
    next = startVictim();
    const state = task.state();
    const when = moment === undefined ? 'not killed' : `killed after ${moment.toFixed(2)} ms`;
    for (const broken of await inspect(ground, task)) {
      violations.push(`${operation.name}, round ${round}, ${when}: ${broken}`);
    }
    return state;
  };
  try {
    const goesOn = (round: number) =>
      violations.length < ENOUGH &&
      (round < count || (killed.middle === 0 && round < MORE * count));
    for (let round = 0; goesOn(round); round++) {
      if (round % MEASURE_EVERY === 0 && await live(round) !== 'after') {
        violations.push(`${operation.name}, round ${round}: it has not done its work`);
      }
      const part = (parts[round % count]! + random.next()) / count;
      killed[await live(round, part * LATEST * median(durations.slice(-COUNTED)))]++;
    }
    return { took: median(durations), killed, violations };
  } finally {
    await end(await next);
  }
}

interface Victim {
  readonly program: Program;
  readonly scratch: string;
}

async function startVictim(): Promise<Victim> {
  const scratch = mkdtempSync(join(temp, 'scratch-'));
  const program = startScript('test/fixtures/victim.ts', [scratch]);
  const said = await within(LIMIT, 'a victim is ready', program.line());
  if (said !== 'ready') throw new Error(`no victim, but ${said}: ${program.stderr()}`);
  return { program, scratch };
}

/** Has it work and kills it, at the end if no moment is given; gives how long it has worked. */
async function killAt(victim: Victim, { order }: Task, moment?: number): Promise<number> {
  const { program } = victim;
  await written(program, JSON.stringify(order));
  const began = performance.now();
  if (moment === undefined) {
    const said = await within(LIMIT, `the end of ${order[0]}`, program.line());
    if (said !== 'done') throw new Error(`cannot ${order[0]}: ${said}${program.stderr()}`);
  } else {
    if (moment > EXACT) await sleep(moment - EXACT);
    while (performance.now() - began < moment);
  }
  const duration = performance.now() - began;
  await end(victim);
  return duration;
}

async function end({ program, scratch }: Victim): Promise<void> {
  await within(LIMIT, 'the end of a victim', program.kill());
  removeTree(scratch);
}

/** Sends a line, and returns when it is on its way. */
function written({ child }: Program, line: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.stdin!.write(`${line}\n`, (error) => error ? reject(error) : resolve());
  });
}

function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
}
