import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lock } from '../../../src/mod.ts';
import { Heir } from './children.ts';
import { anyBytes, pathOf } from './ground.ts';
import { chooseFile, hold, type Lane, pause, tryHold, UNWANTED, whyNot } from './lane.ts';
import { Hold } from './witness.ts';

/** Something that is done with a lock or some, from the beginning to the end. */
export type Operation = (lane: Lane) => Promise<void>;

/** How many tries follow each other without a pause. */
const TRIES = 12;
/** The longest patience of those who have little, in milliseconds. */
const IMPATIENCE = 15;
/** How long a race is drawn out at most, in microseconds: several times what waking a thread takes. */
const RACE = 200;

/** Many tries on one file. */
export const tries: Operation = async (lane) => {
  const { random } = lane;
  const file = chooseFile(lane);
  for (let left = Math.ceil(random.next() * TRIES); left > 0; left--) {
    const held = tryHold(lane, file, anyBytes(random), random.next() < 0.9);
    if (random.next() < 0.1) await pause(lane);
    held?.release();
  }
};

/** A wait without end, until it is granted. */
export const patient: Operation = async (lane) => {
  const { random, engine, second } = lane;
  const by = random.next() < 0.85 ? engine : second;
  const create = random.next() < 0.9;
  const held = await hold(lane, chooseFile(lane), anyBytes(random), { create }, by);
  await pause(lane);
  held?.release();
};

/** A wait that may be given up by a signal or a timeout. */
export const impatient: Operation = async (lane) => {
  const { random } = lane;
  const [file, bytes, patience] = [chooseFile(lane), anyBytes(random), random.next() * IMPATIENCE];
  const abort = new AbortController();
  const timer = random.next() < 0.5 ? undefined : setTimeout(() => abort.abort(UNWANTED), patience);
  const options = timer === undefined ? { timeout: patience } : { signal: abort.signal };
  const held = await hold(lane, file, bytes, options);
  clearTimeout(timer);
  await pause(lane);
  held?.release();
};

/** An abort at the moment of the grant, which another thread has seen and this one has not. */
export const race: Operation = async (lane) => {
  const { random, second } = lane;
  const file = chooseFile(lane);
  const rival = tryHold(lane, file, { mode: 'exclusive' }, true, second);
  if (rival === undefined) return;
  const abort = new AbortController();
  const waiting = hold(lane, file, anyBytes(random), { signal: abort.signal });
  await sleep(random.next() * 3);
  rival.release();
  const end = performance.now() + random.next() * RACE / 1000;
  while (performance.now() < end);
  abort.abort(UNWANTED);
  (await waiting)?.release();
};

/** A shared lock that becomes exclusive and shared again, as often as it may. */
export const modes: Operation = async (lane) => {
  const { random } = lane;
  const held = await hold(lane, chooseFile(lane), anyBytes(random));
  if (held === undefined) return;
  for (let left = 1 + Math.floor(random.next() * 3); left > 0; left--) {
    await pause(lane);
    if (held.lock.mode === 'exclusive') held.downgrade();
    else if (random.next() < 0.4) held.tryUpgrade();
    else await upgrade(lane, held);
  }
  if (held.lock.mode === 'shared' && random.next() < 0.2) return await releaseMeanwhile(lane, held);
  await pause(lane);
  held.release();
};

/** Of those who upgrade on a file, only one may be patient: two would wait for each other. */
async function upgrade(lane: Lane, held: Hold): Promise<void> {
  const { random, witness, second, kind } = lane;
  const path = `${pathOf(witness.ground, held.file)}.upgrade`;
  const patience = random.next() * IMPATIENCE;
  let turn: Lock | undefined;
  try {
    if (random.next() < 0.5) turn = second.tryLock(path, { create: true, kind });
    await held.upgrade(turn === undefined ? { timeout: patience } : {});
  } catch (error) {
    if (whyNot(error) === undefined) throw error;
  } finally {
    turn?.release();
  }
}

async function releaseMeanwhile(lane: Lane, held: Hold): Promise<void> {
  const upgrade = held.upgrade({ timeout: IMPATIENCE }).catch((error) => {
    if (whyNot(error) === undefined) throw error;
  });
  if (lane.random.next() < 0.5) await pause(lane);
  held.release();
  await upgrade;
}

/** Makes the path lead to another file, or to none, as who deletes what it has locked. */
export const replace: Operation = async (lane) => {
  const { random, witness } = lane;
  const file = chooseFile(lane);
  const held = await hold(lane, file, { mode: 'exclusive' });
  if (held === undefined) return;
  const path = pathOf(witness.ground, file);
  if (random.next() < 0.5) {
    unlinkSync(path);
    held.replaced('deleted');
  } else {
    const name = `${path}.${witness.who}.${held.key.split(':')[1]}`;
    writeFileSync(name, '');
    renameSync(name, path);
    held.replaced('renamed');
  }
  await pause(lane);
  held.release();
};

/** A child goes on with the lock, while this process releases it or keeps it for a while. */
export const handOn: Operation = async (lane) => {
  const { random } = lane;
  const held = await hold(lane, chooseFile(lane), anyBytes(random));
  if (held === undefined) return;
  const heir = new Heir(lane, held);
  const ended = heir.end();
  if (random.next() < 0.4) await pause(lane);
  held.release();
  await ended;
};

/** Another engine of the process takes the lock over. */
export const adopt: Operation = async (lane) => {
  const held = await hold(lane, chooseFile(lane), anyBytes(lane.random));
  if (held === undefined) return;
  held.moveTo(lane.second);
  await pause(lane);
  held.release();
};

/** Several files together, or none. */
export const together: Operation = async ({ engine, witness, random, kind, ...lane }) => {
  const all = { engine, witness, random, kind, ...lane };
  const files = [...new Set([chooseFile(all), chooseFile(all), chooseFile(all)])];
  const requests = files.map((file) => {
    return { path: pathOf(witness.ground, file), ...anyBytes(random), create: true, kind };
  });
  try {
    const set = await engine.lockAll(requests, { timeout: random.next() * 10 * IMPATIENCE });
    const held = set.locks.map((lock, index) => new Hold(witness, lock, files[index]!, 'lock'));
    await pause(all);
    for (const one of held) one.release();
    set.release();
  } catch (error) {
    if (whyNot(error) === undefined) throw error;
  }
};
