import { setTimeout as sleep } from 'node:timers/promises';
import type { LockError } from '../../../src/mod.ts';
import type { Random } from '../../support/random.ts';
import type { Scene } from './scene.ts';

/** What a role has to play with. */
export interface Role extends Scene {
  readonly random: Random;
  /** Aborted when it shall come to its end. */
  readonly stop: AbortSignal;
  /** Counts something that was done. */
  count(what: string): void;
  /** Records a broken promise. */
  violation(what: string): void;
}

/** Waits for up to so many milliseconds, or until the end. */
export async function pause({ random, stop }: Role, longest: number): Promise<void> {
  await sleep(random.next() * longest, undefined, { signal: stop }).catch(() => {});
}

/** How to wait for a lock, if at all. */
export function patience({ random }: Role): { whenBusy: 'error' | 'wait'; timeout: number } {
  return { whenBusy: random.pick(['error', 'wait']), timeout: 500 };
}

/** Whether an error says that somebody else was quicker, which is nobody's fault. */
export function isTooLate(error: unknown): boolean {
  const { name, code } = error as LockError;
  // ERR_NOT_A_RUNTIME: not whole, or gone between two looks at what it has in it.
  const codes = ['ENOENT', 'ERR_LOCK_BUSY', 'ERR_LOCK_TIMEOUT', 'ERR_LOCK_REPLACED'];
  return name === 'LockError' && [...codes, 'ERR_NOT_A_RUNTIME'].includes(code);
}
