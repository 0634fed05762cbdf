import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { type Lock, lock, LockError, tryLock } from '../../mod.ts';
import { isGone, pause, pick, type Storm } from './messages.ts';
import { layOut, type StormRuntime } from './tree.ts';
import { enter } from './witness.ts';

/** One try in so many waits for a while instead. */
const WAITS_EVERY = 8;
/** How long it waits then, in milliseconds. */
const PATIENCE = 250;
/** The part of the runtimes that it locks and then leaves as they are. */
const SPARED = 0.25;

/** Removes runtimes that nobody uses and lays them out again, as long as the storm lasts. */
export async function collector(storm: Storm): Promise<void> {
  for (let turn = 1; !storm.stop.aborted; turn++) {
    const runtime = pick(storm.runtimes);
    try {
      const held = await take(storm, runtime, turn % WAITS_EVERY === 0);
      if (held === undefined) storm.count.busy++;
      else await collect(storm, runtime, held);
    } catch (error) {
      // The user's own runtime may be one that can only be read: then nobody can remove it.
      const readOnly = !runtime.removable && error instanceof LockError;
      if (!storm.stop.aborted && !isGone(error) && !readOnly) {
        storm.violation((error as Error).message);
      }
    }
    await pause(storm, 1 + Math.random() * 4);
  }
}

async function take(
  storm: Storm,
  { ref }: StormRuntime,
  patiently: boolean,
): Promise<Lock | undefined> {
  if (!patiently) return tryLock(ref);
  try {
    return await lock(ref, { timeout: PATIENCE, signal: storm.stop });
  } catch (error) {
    if (error instanceof LockError && error.code === 'ERR_LOCK_TIMEOUT') return undefined;
    throw error;
  }
}

/** Is alone with a runtime for a moment, and mostly removes it. */
async function collect(storm: Storm, runtime: StormRuntime, held: Lock): Promise<void> {
  const spared = !runtime.removable || Math.random() < SPARED;
  try {
    const marker = enter(storm.witness, runtime.name, 'exclusive');
    try {
      const look = (when: string): void => {
        for (const other of marker.intruders()) {
          storm.violation(`${runtime.name}: ${other} was in ${when} an exclusive lock was held`);
        }
      };
      look('when');
      if (spared) await pause(storm, Math.random() * 5);
      else await remove(storm, runtime);
      look('while');
    } finally {
      marker.remove();
    }
  } catch (error) {
    throw isGone(error) ? new Error(`${runtime.name}: gone while locked exclusively`) : error;
  } finally {
    held.release();
  }
  if (spared) return;
  storm.count.removed++;
  await layOut(storm.template, storm.aside, runtime);
}

/** Out of the way first: whoever comes now finds nothing, rather than half of it. */
async function remove(storm: Storm, { name, root }: StormRuntime): Promise<void> {
  const path = join(storm.aside, `${name} removed by ${process.pid} ${storm.count.removed}`);
  await rename(root, path);
  await rm(path, { recursive: true });
}
