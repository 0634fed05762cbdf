import { setTimeout as sleep } from 'node:timers/promises';
import { isHeldAt } from '../lock/is-held.ts';
import { LockError } from '../lock/lock-error.ts';
import type { WaitOptions } from '../lock/lock-options.ts';
import { cannotLock } from '../lock/open-file.ts';
import { pathOfRef, type Ref } from './lock-ref.ts';

/** How long the first pause is and how long one becomes, in milliseconds. */
const FIRST = 5;
const LONGEST = 100;

/**
 * Waits until nobody holds a lock that is only asked about. The kernel has no queue for that, and to
 * wait in the one for the lock would need the right to write its file.
 *
 * @throws {LockError} `ERR_LOCK_TIMEOUT`. An abort rejects with `signal.reason`.
 */
export async function waitUntilUnused(
  ref: Ref,
  { signal, timeout = Infinity, onWait }: WaitOptions,
): Promise<void> {
  const { in: { fd }, mode } = ref;
  const path = pathOfRef(ref);
  const action = cannotLock({ path, mode });
  const deadline = performance.now() + timeout;
  signal?.throwIfAborted();
  onWait?.({ path, mode, holders: [] });
  for (let pause = FIRST; isHeldAt(fd, '.ref', action); pause = Math.min(2 * pause, LONGEST)) {
    const left = deadline - performance.now();
    if (left <= 0) {
      const message = `${action}: still busy after ${timeout} ms`;
      throw new LockError(message, { code: 'ERR_LOCK_TIMEOUT', path });
    }
    await sleep(Math.min(pause, left), undefined, { signal }).catch(() => {});
    signal?.throwIfAborted();
  }
}
