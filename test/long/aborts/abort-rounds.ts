import { LockEngine } from '../../../src/mod.ts';
import { tryElsewhere } from '../../support/elsewhere.ts';
import { within } from '../../support/eventually.ts';
import { kind } from '../../support/kind.ts';
import { openFds } from '../../support/open-fds.ts';
import { Random } from '../../support/random.ts';
import { newFile, temp } from '../../support/temp.ts';
import { belongings, leftovers, lockedFiles } from './leftovers.ts';
import type { Stage } from './observed-wait.ts';
import { scenes } from './scenes.ts';
import { Tally } from './tally.ts';

/** What came of giving up again and again. */
export interface Outcome {
  readonly tally: Tally;
  /** The promises that were broken, with the round. */
  readonly violations: readonly string[];
}

/** How many scenes are played at a time, in turn; in a crowd no thread is blocked. */
const LANES = [2, 4, 20, 90];
const THREADS = [1, 4, 8];
/** After so many milliseconds without work a thread ends. */
const IDLE = [0, 5000, 5000, 5000];
const HAND_OVERS = [1, 16];
/**
 * How many waits are given up until an engine is closed in the middle of it. Where somebody else has to
 * be another process, each step of a scene takes as long as two processes take to wake each other.
 */
const ROUND = kind === 'ofd' ? 500 : 150;
/** The same before anything is counted: a runtime loads and starts some things once. */
const WARM_UP = 100;
/** How long a scene or the end of an engine may take, in milliseconds. */
const LIMIT = 20_000;
/** After so many violations there is nothing more to learn. */
const ENOUGH = 5;

/**
 * Gives up so many waits, in one engine after the other. Each of them is closed while waits are
 * pending, and must have left nothing then; in the end there must be no more threads and
 * descriptors in the process than before.
 */
export async function abortRounds(count: number, seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const others = { tryLock: tryElsewhere };
  const files = Array.from({ length: Math.max(...LANES) }, newFile);
  const violations: string[] = [];
  const tally = new Tally();
  const play = async (round: number, tally: Tally, goal: number): Promise<void> => {
    const broken = (what: string) => void violations.push(`round ${round}: ${what}`);
    const lanes = LANES[round % LANES.length]!;
    await playRound({ others, files: files.slice(0, lanes), goal, tally, broken }, random);
    for (const locked of lockedFiles(files)) broken(locked);
  };
  await play(0, new Tally(), WARM_UP);
  const before = belongings();
  for (let round = 1; tally.total < count && violations.length < ENOUGH; round++) {
    await play(round, tally, tally.total + ROUND);
  }
  violations.push(...await leftovers(before));
  return { tally, violations };
}

interface Round extends Pick<Stage, 'others' | 'tally' | 'broken'> {
  readonly files: readonly string[];
  /** The engine is closed when so many waits have been given up in all. */
  readonly goal: number;
}

async function playRound(round: Round, random: Random): Promise<void> {
  const { others, files, goal, tally, broken } = round;
  const before = openFds(temp);
  const options = {
    maxThreads: random.pick(THREADS),
    idleTimeout: random.pick(IDLE),
    maxHandOvers: random.pick(HAND_OVERS),
  };
  const engine = new LockEngine(options);
  let over = false;
  const lane = async (path: string, seed: number): Promise<void> => {
    const stage: Stage = { ...round, path, engine, random: new Random(seed) };
    while (!over) {
      await stage.random.pick(scenes)(stage);
      const free = others.tryLock(path);
      if (free === undefined) broken(`${path} is not free when all is over`);
      free?.release();
      over ||= tally.total >= goal;
    }
  };
  const lanes = files.map((path) => lane(path, random.next() * 2 ** 32));
  const first = Promise.race(lanes);
  try {
    await within(LIMIT, 'the first lane has ended', first);
    await within(LIMIT, 'close()', engine.close());
    await within(LIMIT, 'all waits are over', Promise.all(lanes));
  } catch (error) {
    over = true;
    broken(`${JSON.stringify(options)}: ${error}`);
  }
  const { held, queued, blocked, parked, threads } = engine.stats();
  const left = { held, queued, blocked, parked, threads };
  if (Object.values(left).some((count) => count > 0)) {
    broken(`after close() there are still ${JSON.stringify(left)}`);
  }
  const fds = openFds(temp).filter((fd) => !before.includes(fd));
  if (fds.length > 0) broken(`left open: ${fds.join(', ')}`);
}
