import { useRuntime } from '../../runtime/mod.ts';
import { launchCopy, mayCopy } from './launch-copy.ts';
import { isGone, PATIENCE, pause, pick, type Storm } from './messages.ts';
import { runProgram } from './run-program.ts';
import type { StormRuntime } from './tree.ts';
import { enter } from './witness.ts';

/** The longest rest between two launches, in milliseconds: collectors need gaps to get in. */
const LONGEST_REST = 80;
/** The part of the launches that make a copy, if they may. */
const COPYING = 0.25;

/** Launches containers one after the other, as long as the storm lasts. */
export async function launcher(storm: Storm): Promise<void> {
  // The user's own runtime may be on another filesystem, which means a copy without hard links.
  const samples = storm.runtimes.filter(({ removable }) => removable);
  while (!storm.stop.aborted) {
    try {
      if (Math.random() < COPYING && mayCopy()) await launchCopy(storm, pick(samples));
      else await launchRuntime(storm, pick(storm.runtimes));
    } catch (error) {
      if (storm.stop.aborted) return;
      const { code } = error as NodeJS.ErrnoException;
      if (!isGone(error) && code !== 'ERR_LOCK_TIMEOUT') storm.violation((error as Error).message);
    }
    await pause(storm, Math.random() * LONGEST_REST);
  }
}

async function launchRuntime(storm: Storm, runtime: StormRuntime): Promise<void> {
  const { path, name } = runtime;
  const began = performance.now();
  const wait = { whenBusy: 'wait', timeout: PATIENCE, signal: storm.stop } as const;
  const { lock } = await useRuntime(path, wait);
  storm.waits.add(performance.now() - began);
  const marker = enter(storm.witness, name, 'shared');
  for (const other of marker.intruders()) {
    storm.violation(`${name}: a launch got its lock while ${other} was in`);
  }
  await runProgram(storm, runtime, lock, marker);
}
