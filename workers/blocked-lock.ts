import { EINTR } from '../src/linux/errno.ts';
import { threadId } from '../src/linux/interrupt.ts';
import { waitSetLock } from '../src/linux/record-lock.ts';
import { BLOCKED, type BlockedCall, ERRNO, GIVEN_UP, LEFT } from './blocked-call.ts';
import { QUEUED, STATE, THREAD } from './blocked-call.ts';

/**
 * Sits in `F_OFD_SETLKW` until the lock is granted or the owner gives up. The result is left in
 * shared memory, because waking the owner through it is quicker than a message.
 */
export default function blockedLock({ words, fd, lock, start, length }: BlockedCall): void {
  Atomics.store(words, THREAD, threadId());
  if (Atomics.compareExchange(words, STATE, QUEUED, BLOCKED) !== QUEUED) return;
  let errno: number;
  do {
    errno = waitSetLock(fd, lock, start, length);
    // Any other signal of the process may interrupt us as well; only the owner's word ends it.
  } while (errno === EINTR && Atomics.load(words, GIVEN_UP) === 0);
  Atomics.store(words, ERRNO, errno);
  Atomics.store(words, STATE, LEFT);
  Atomics.notify(words, STATE);
}
