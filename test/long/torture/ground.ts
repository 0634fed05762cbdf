import { join } from 'node:path';
import type { LockMode, LockRange } from '../../../src/mod.ts';
import type { Random } from '../../support/random.ts';

/** Where all of them meet. */
export interface Ground {
  readonly directory: string;
  /** How many lock files there are. */
  readonly files: number;
  /** The file that everybody appends to. */
  readonly stamps: string;
  /** Where processes put what is only theirs. */
  readonly temp: string;
  /** When it began, by `Date.now()`. */
  readonly epoch: number;
}

/** Which bytes of a file. */
export interface Bytes {
  readonly mode: LockMode;
  /** Whole files by default. */
  readonly range?: LockRange;
}

/** For how long some of the files are left in peace, in milliseconds. */
export const SLOT = 8000;
/** One file of so many has peace at a time. */
export const SHARE = 4;

/** The path of a lock file. */
export function pathOf({ directory }: Ground, file: number): string {
  return join(directory, `f${file}.ref`);
}

/**
 * A file on which something may be begun now. The others are in peace: whoever still waits for one of
 * them must get it, as it is not saved by the next who comes and goes.
 */
export function anyFile({ files, epoch }: Ground, random: Random): number {
  const peaceful = Math.floor((Date.now() - epoch) / SLOT) % SHARE;
  for (;;) {
    const file = Math.floor(random.next() * files);
    if (file % SHARE !== peaceful) return file;
  }
}

/** Whole files or parts that often overlap. */
export function anyBytes(
  random: Random,
  mode = random.pick<LockMode>(['shared', 'exclusive']),
): Bytes {
  if (random.next() < 0.6) return { mode };
  const start = Math.floor(random.next() * 4) * 100;
  return { mode, range: { start, length: random.pick([50, 150, 0]) } };
}

/** How a record spells them. */
export function spell({ mode, range }: Bytes): string {
  return `${mode === 'shared' ? 's' : 'x'} ${range?.start ?? 0} ${range?.length ?? 0}`;
}
