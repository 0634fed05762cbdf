import { EINTR } from '../src/linux/errno.ts';
import { threadId } from '../src/linux/interrupt.ts';
import { waitSetLock } from '../src/linux/record-lock.ts';
import { BLOCKED, type BlockedCall, ERRNO, GIVEN_UP, LEFT, QUEUED, STATE, THREAD } from './slot.ts';

/**
 * Sits in `F_OFD_SETLKW` until the lock is granted or the owner gives up. The result is left in
 * the slot, because waking the owner through shared memory is quicker than a message.
 */
export default function blockedLock(call: BlockedCall): void {
  const { slots, slot, fd, lock, start, length } = call;
  Atomics.store(slots, slot + THREAD, threadId());
  if (Atomics.compareExchange(slots, slot + STATE, QUEUED, BLOCKED) !== QUEUED) return;
  let errno: number;
  do {
    errno = waitSetLock(fd, lock, start, length);
    // Any other signal of the process may interrupt us as well; only the owner's word ends it.
  } while (errno === EINTR && Atomics.load(slots, slot + GIVEN_UP) === 0);
  Atomics.store(slots, slot + ERRNO, errno);
  Atomics.store(slots, slot + STATE, LEFT);
  Atomics.notify(slots, slot + STATE);
}
