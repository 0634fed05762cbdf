import { holdersNow, holdersText } from '../../lock/holders.ts';
import { type Lock, lock, LockError, tryLock } from '../../mod.ts';
import { cannotLock } from '../../lock/open-file.ts';
import { BUSY, Failure } from '../failure.ts';
import { mergeSameFiles, type WantedLock } from '../merge-same-files.ts';
import { sayWaiting } from '../say-waiting.ts';

/** Takes the locks in their order, `timeout` milliseconds for all waits together. */
export async function takeLocks(wanted: readonly WantedLock[], timeout: number): Promise<Lock[]> {
  const until = performance.now() + timeout;
  const locks: Lock[] = [];
  for (const want of mergeSameFiles(wanted)) {
    locks.push(want.wait ? await waitFor(want, until, timeout) : takeNow(want));
  }
  return locks;
}

function takeNow({ path, create, write }: WantedLock): Lock {
  const mode = write ? 'exclusive' : 'shared';
  const lock = tryLock(path, { mode, create });
  if (lock !== undefined) return lock;
  throw new Failure(BUSY, `${cannotLock({ path, mode })}: ${holdersText(holdersNow(path))}`);
}

async function waitFor(
  { path, create, write }: WantedLock,
  until: number,
  timeout: number,
): Promise<Lock> {
  const mode = write ? 'exclusive' : 'shared';
  const left = Math.max(0, until - performance.now());
  // Node does not end at this signal but opens a port for its debugger.
  const end = (): void => process.exit(128 + 10);
  process.once('SIGUSR1', end);
  try {
    return await lock(path, { mode, create, timeout: left, onWait: sayWaiting });
  } catch (error) {
    if (!(error instanceof LockError) || error.code !== 'ERR_LOCK_TIMEOUT') throw error;
    const action = cannotLock({ path, mode });
    const who = holdersText(holdersNow(path));
    throw new Failure(BUSY, `${action} within ${timeout / 1000} s: ${who}`, { cause: error });
  } finally {
    process.off('SIGUSR1', end);
  }
}
