import type { LockEngine, LockKind, LockOptions } from '../../../src/mod.ts';
import { LockError } from '../../../src/mod.ts';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../support/random.ts';
import { anyFile, type Bytes, pathOf } from './ground.ts';
import { Hold, type Witness } from './witness.ts';

/** The reason of every abort. */
export const UNWANTED = { why: 'no longer wanted' };

/** One of the many things that a process does at a time. */
export interface Lane {
  readonly engine: LockEngine;
  /** To the first one somebody else, as another process would be. */
  readonly second: LockEngine;
  readonly witness: Witness;
  readonly random: Random;
  readonly kind: 'auto' | LockKind;
}

/** A file for the next operation. */
export function chooseFile({ witness, random }: Lane): number {
  return anyFile(witness.ground, random);
}

/** Takes a lock if it is free, which a file may not be that does not exist. */
export function tryHold(
  { engine, witness, kind }: Lane,
  file: number,
  bytes: Bytes,
  create = true,
  by = engine,
): Hold | undefined {
  try {
    const lock = by.tryLock(pathOf(witness.ground, file), { ...bytes, create, kind });
    return lock && new Hold(witness, lock, file, 'try');
  } catch (error) {
    if (whyNot(error) === undefined) throw error;
    return undefined;
  }
}

/** Takes a lock, waiting for it; gives nothing when the wait was given up. */
export async function hold(
  { engine, witness, kind }: Lane,
  file: number,
  bytes: Bytes,
  options: LockOptions = {},
  by = engine,
): Promise<Hold | undefined> {
  let wait: string | undefined;
  const onWait = (): void => {
    wait = witness.waits(file, bytes);
  };
  const path = pathOf(witness.ground, file);
  try {
    const lock = await by.lock(path, { create: true, ...bytes, kind, ...options, onWait });
    const held = new Hold(witness, lock, file, wait === undefined ? 'lock' : 'wait');
    witness.waited(wait, 'granted');
    return held;
  } catch (error) {
    const why = whyNot(error);
    if (why === undefined) throw error;
    witness.waited(wait, why);
    return undefined;
  }
}

/** Why there is no lock, if that is nobody's fault. */
export function whyNot(error: unknown): string | undefined {
  if (error === UNWANTED) return 'aborted';
  if (!(error instanceof LockError)) return undefined;
  switch (error.code) {
    case 'ERR_LOCK_TIMEOUT':
      return 'timed-out';
    case 'ERR_LOCK_REPLACED':
      return 'replaced';
    case 'ERR_LOCK_DEADLOCK':
      return 'deadlock';
    case 'ERR_LOCK_CLOSED':
      return 'closed';
    case 'ERR_LOCK_RELEASED':
      return 'released';
    case 'ENOENT':
      return 'gone';
    default:
      return undefined;
  }
}

/** Lets some time pass, most often none: what matters is how often a lock changes hands. */
export async function pause({ random }: Lane): Promise<void> {
  const choice = random.next();
  if (choice < 0.6) return;
  if (choice < 0.87) await turn();
  else if (choice < 0.98) await sleep(random.next() * 3);
  else await sleep(random.next() * 20);
}
