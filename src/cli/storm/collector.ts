import { type Lock, lock, LockError, tryLock } from '../../mod.ts';
import { removeRuntime } from '../../runtime/mod.ts';
import { isGone, pause, pick, type Storm } from './messages.ts';
import { layOut, type StormRuntime } from './tree.ts';
import { enter, type Marker } from './witness.ts';

/** The part of the turns that wait for a while instead of trying once. */
const WAITING = 0.125;
/** How long they wait then, in milliseconds. */
const PATIENCE = 250;
/** The part of the runtimes that it locks and then leaves as they are. */
const SPARED = 0.25;

/** Removes runtimes that nobody uses and lays them out again, as long as the storm lasts. */
export async function collector(storm: Storm): Promise<void> {
  while (!storm.stop.aborted) {
    try {
      await turnTo(storm, pick(storm.runtimes));
    } catch (error) {
      if (!storm.stop.aborted && !isGone(error)) storm.violation((error as Error).message);
    }
    await pause(storm, 1 + Math.random() * 4);
  }
}

/** Wants to be alone with a runtime, mostly in order to remove it. */
async function turnTo(storm: Storm, runtime: StormRuntime): Promise<void> {
  const spared = !runtime.removable || Math.random() < SPARED;
  const patiently = Math.random() < WAITING;
  try {
    const alone = await (spared ? visit : remove)(storm, runtime, patiently);
    if (!alone) storm.count.busy++;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (patiently && code === 'ERR_LOCK_TIMEOUT') storm.count.busy++;
    // The user's own runtime may be one that can only be read: then nobody can remove it.
    else if (runtime.removable || !(error instanceof LockError)) throw error;
  }
}

/** Is alone with a runtime for a moment, and leaves it as it is. */
async function visit(storm: Storm, runtime: StormRuntime, patiently: boolean): Promise<boolean> {
  const held = await take(storm, runtime, patiently);
  if (held === undefined) return false;
  try {
    const marker = enter(storm.witness, runtime.name, 'exclusive');
    try {
      look(storm, runtime, marker, 'when an exclusive lock was held');
      await pause(storm, Math.random() * 5);
      look(storm, runtime, marker, 'while an exclusive lock was held');
    } finally {
      marker.remove();
    }
  } finally {
    held.release();
  }
  return true;
}

async function take(
  storm: Storm,
  { ref }: StormRuntime,
  patiently: boolean,
): Promise<Lock | undefined> {
  if (!patiently) return tryLock(ref);
  return await lock(ref, { timeout: PATIENCE, signal: storm.stop });
}

/** Removes a runtime and lays it out again. */
async function remove(storm: Storm, runtime: StormRuntime, patiently: boolean): Promise<boolean> {
  const { name, path } = runtime;
  // Each time that it is busy, the removal would look through all of /proc for who is in.
  if (!patiently && !isFree(runtime)) return false;
  // Not to be interrupted: a runtime that is removed has to be laid out again.
  const { removed, remains } = await removeRuntime(
    path,
    patiently ? { whenBusy: 'wait', timeout: PATIENCE } : { whenBusy: 'skip' },
  );
  if (!removed) return false;
  storm.count.removed++;
  // Who was in has left before the removal, and until it is laid out again nobody can be in.
  const marker = enter(storm.witness, name, 'exclusive');
  look(storm, runtime, marker, 'when it was removed');
  marker.remove();
  for (const { path, message } of remains?.failures ?? []) {
    storm.violation(`${name}: removed, but for ${path}: ${message}`);
  }
  await layOut(storm.template, storm.aside, runtime);
  return true;
}

function isFree({ ref }: StormRuntime): boolean {
  const held = tryLock(ref);
  held?.release();
  return held !== undefined;
}

function look(storm: Storm, { name }: StormRuntime, marker: Marker, when: string): void {
  for (const other of marker.intruders()) storm.violation(`${name}: ${other} was in ${when}`);
}
