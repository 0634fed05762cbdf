import { readdirSync } from 'node:fs';
import { collectGarbage } from '../../runtime/mod.ts';
import { pause, type Storm } from './messages.ts';
import { isInUse } from './witness.ts';

/** The longest rest between two collections, in milliseconds: copies must have time to pile up. */
const LONGEST_REST = 50;

/** Collects the copies that nobody uses, as long as the storm lasts. */
export async function copyCollector(storm: Storm): Promise<void> {
  while (!storm.stop.aborted) {
    try {
      await collectCopies(storm);
    } catch (error) {
      if (!storm.stop.aborted) storm.violation((error as Error).message);
    }
    await pause(storm, Math.random() * LONGEST_REST);
  }
}

/** Does nothing while a copy is being made: the collection gives way. */
async function collectCopies(storm: Storm): Promise<void> {
  const { copies, witness, count, stop: signal, violation } = storm;
  const { deleted, kept } = await collectGarbage(copies, { signal });
  count.collected += deleted.length;
  for (const { name } of deleted) {
    // Whoever was in sees that it is gone, unless it has left since.
    if (isInUse(witness, name)) violation(`${name}: collected while a program was in`);
  }
  for (const { name, why, message } of kept) {
    if (why !== 'busy') violation(`${name}: not collected: ${message}`);
  }
}

/** Collects what a storm has left behind, and tells what is left even then: nothing may be. */
export async function collectRest(copies: string): Promise<string[]> {
  try {
    const { kept } = await collectGarbage(copies, { whenBusy: 'error' });
    const why = new Map(kept.map(({ name, message }) => [name, `: ${message}`]));
    return readdirSync(copies).filter((name) => name !== '.ref')
      .map((name) => `${name}: left after the storm${why.get(name) ?? ''}`);
  } catch (error) {
    return [(error as Error).message];
  }
}
