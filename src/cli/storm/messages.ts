import { setTimeout as sleep } from 'node:timers/promises';
import type { Tally } from './tally.ts';
import type { StormRuntime } from './tree.ts';

/** What a storm process is told, as one line of JSON on its stdin. The end of that ends it. */
export interface StormOrder {
  readonly runtimes: readonly StormRuntime[];
  /** The tree to copy runtimes from. */
  readonly template: string;
  /** Where trees are made and deleted, on the same filesystem. */
  readonly aside: string;
  /** Where mutable copies of runtimes are made, and collected. */
  readonly copies: string;
  /** How many entries a copy must have, if that is known. */
  readonly copyEntries: number | undefined;
  /** Where evidence is put. */
  readonly witness: string;
  /** Whether launches are real containers. */
  readonly container: boolean;
  readonly launchers: number;
  readonly collectors: number;
}

/** What a storm process says, as lines of JSON on its stdout; everything counts from its start. */
export interface StormNews {
  readonly launches: number;
  readonly removed: number;
  readonly busy: number;
  readonly copies: number;
  readonly collected: number;
  readonly violations: number;
  /** The first few, one line each. */
  readonly violationDetails: readonly string[];
  /** In the last line only: how long granted locks took, and how late timers were. */
  readonly waits?: [number, number][];
  readonly loopDelays?: [number, number][];
}

/** What launchers and collectors of one process count. */
export type Count = Record<'launches' | 'removed' | 'busy' | 'copies' | 'collected', number>;

/** What launchers and collectors of one process share. */
export interface Storm extends StormOrder {
  readonly stop: AbortSignal;
  readonly count: Count;
  readonly waits: Tally;
  /** Records a broken promise. */
  violation(description: string): void;
}

/** How many descriptions of violations are kept. */
export const DETAILS = 10;

/** How long a launch waits for a lock, in milliseconds. */
export const PATIENCE = 1000;

/** Waits for some milliseconds, or until the storm is over. */
export async function pause(storm: Storm, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: storm.stop }).catch(() => {});
}

/** Gives any of them. */
export function pick<T>(from: readonly T[]): T {
  return from[Math.floor(Math.random() * from.length)]!;
}

/** Whether an error says that a runtime was removed, which is nobody's fault. */
export function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ERR_LOCK_REPLACED';
}
