import type { Lock, LockMode } from '../../../src/mod.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HeldLock } from '../../support/elsewhere.ts';
import type { Random } from '../../support/random.ts';
import { ObservedWait, type Stage } from './observed-wait.ts';

/** Some waits on one file that are given up, in the end all of them; it begins without a pause. */
export type Scene = (stage: Stage) => Promise<void>;

/** How long a race is drawn out at most, in microseconds: several times what waking a thread takes. */
const RACE = 250;

/** Several waits behind a lock of the same engine, which may end meanwhile. */
const behindOwn: Scene = async (stage) => {
  const { engine, path, random } = stage;
  const holder = engine.tryLock(path)!;
  const waits = several(stage, random.next() < 0.3 ? 'exclusive' : undefined);
  await pause(random);
  const steps = [...waits.map((wait) => () => wait.abort()), () => holder.release()];
  for (const step of random.shuffle(steps)) {
    step();
    if (random.next() < 0.2) await pause(random);
  }
  await over(waits);
};

/** One wait for somebody else. */
const behindOther: Scene = async (stage) => {
  const { random } = stage;
  const { holder, mode } = holdByOther(stage);
  const wait = ObservedWait.lock(stage, mode, maybeTimeout(random));
  await pause(random);
  // A thread may be about to enter the kernel: then the signal comes too early, and is lost.
  if (random.next() < 0.3) spin(random.next() * RACE);
  wait.abort();
  // A lock that is free from now on must not be taken by who has given up.
  if (random.next() < 0.5) holder.release();
  await wait.over;
  holder.release();
};

/** A line of waits for somebody else, of whom the first is where it would be without the others. */
const lineBehindOther: Scene = async (stage) => {
  const { random } = stage;
  const { holder } = holdByOther(stage, 'exclusive');
  const waits = several(stage, undefined);
  await pause(random);
  while (waits.length > 0) {
    const next = random.next() < 0.5 ? 0 : waits.length - 1;
    // Whom a timeout has ended is in the way of nobody.
    const wait = waits.splice(next, 1)[0]!;
    wait.leads = next === 0 && waits.length > 0;
    wait.abort();
    if (random.next() < 0.2) await pause(random);
    await wait.over;
  }
  holder.release();
};

/** An abort at the moment of the grant. */
const race: Scene = async (stage) => {
  const { random } = stage;
  const { holder, mode } = holdByOther(stage);
  const wait = ObservedWait.lock(stage, mode);
  await longPause(random);
  await letGo(stage, holder, wait, () => wait.abort());
  await wait.over;
};

/** An upgrade beside somebody else's lock, or another one of the same engine. */
const upgrade: Scene = async (stage) => {
  const { engine, others, path, random } = stage;
  const lock = engine.tryLock(path, { mode: 'shared' })!;
  const own = random.next() < 0.3;
  const peer: Lock | HeldLock = (own ? engine : others).tryLock(path, { mode: 'shared' })!;
  const wait = ObservedWait.upgrade(stage, lock, maybeTimeout(random));
  const waits = [wait];
  // Each is in the way of the other one then.
  if (own && random.next() < 0.5) waits.push(ObservedWait.upgrade(stage, peer as Lock));
  await longPause(random);
  const release = (): void => {
    wait.giveUpBy(() => lock.release());
    // Its thread must not keep the lock any longer; another upgrade may have it by now.
    if (waits.length > 1) return;
    mustBeFree(stage, peer.released ? 'exclusive' : 'shared', 'release() during an upgrade');
  };
  const giveUp = random.next() < 0.3 ? release : () => wait.abort();
  if (random.next() < 0.5) await letGo(stage, peer, wait, giveUp);
  else giveUp();
  for (const other of waits.slice(1)) other.abort();
  await over(waits);
  if (!lock.released && lock.mode === 'shared') {
    mustBeFree(stage, 'shared', 'an upgrade that was given up');
  }
  lock.release();
  peer.release();
};

/** All of them, as often as they shall be played. */
export const scenes: readonly Scene[] = [
  ...[behindOwn, behindOther, behindOther, lineBehindOther, race, race, upgrade, upgrade],
];

function several(stage: Stage, mode: LockMode | undefined): ObservedWait[] {
  const { random } = stage;
  return Array.from({ length: 1 + Math.floor(random.next() * 4) }, () => {
    return ObservedWait.lock(stage, mode ?? anyMode(random), maybeTimeout(random));
  });
}

/** Somebody else's lock, and a mode with which it conflicts. */
function holdByOther(
  { others, path, random }: Stage,
  held = anyMode(random),
): { holder: HeldLock; mode: LockMode } {
  const holder = others.tryLock(path, { mode: held })!;
  return { holder, mode: held === 'shared' ? 'exclusive' : anyMode(random) };
}

/** Has the holder let go, and gives up the wait a moment later, or a moment before. */
async function letGo(
  { random }: Stage,
  holder: HeldLock,
  wait: ObservedWait,
  giveUp: () => void,
): Promise<void> {
  const kind = random.next();
  if (kind < 0.1) giveUp();
  holder.release();
  wait.freed = true;
  // In some races the engine gets the chance to hear of the grant first.
  if (kind > 0.8) await pause(random);
  else spin(random.next() * RACE);
  giveUp();
}

function mustBeFree({ others, path, broken }: Stage, mode: LockMode, after: string): void {
  const lock = others.tryLock(path, { mode });
  if (lock === undefined) broken(`after ${after} ${path} cannot be had ${mode}`);
  lock?.release();
}

function anyMode(random: Random): LockMode {
  return random.pick(['shared', 'exclusive']);
}

/** In a third of all cases one that comes soon. */
function maybeTimeout(random: Random): number | undefined {
  return random.next() < 0.3 ? random.next() * 4 : undefined;
}

/** Lets a little time go by, from none to a few milliseconds. */
async function pause(random: Random): Promise<void> {
  const kind = random.next();
  if (kind < 0.2) return;
  if (kind < 0.3) return await Promise.resolve();
  if (kind < 0.6) return await new Promise((resolve) => setImmediate(resolve));
  await sleep(1 + random.next() * 3);
}

/** Mostly long enough for a thread to be in the kernel. */
async function longPause(random: Random): Promise<void> {
  await pause(random);
  await pause(random);
}

function spin(µs: number): void {
  const end = performance.now() + µs / 1000;
  while (performance.now() < end);
}

async function over(waits: readonly ObservedWait[]): Promise<void> {
  await Promise.all(waits.map((wait) => wait.over));
}
