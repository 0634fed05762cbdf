import { threadId as workerId } from 'node:worker_threads';
import { EDEADLK, EINTR } from '../src/linux/errno.ts';
import { identify, isStillAt } from '../src/linux/identity.ts';
import { acceptInterrupts, threadId } from '../src/linux/interrupt.ts';
import { waitSetLock } from '../src/linux/record-lock.ts';
import { AT_PATH, BLOCKED, type BlockedTask, ERRNO, GIVEN_UP, LEFT } from './blocked-call.ts';
import { QUEUED, STATE, THREAD, WORKER } from './blocked-call.ts';

/** How often a wait is begun again in which the kernel has seen a deadlock. */
const DEADLOCKS = 6;
/** How long a thread keeps still after its call, in milliseconds: many times what waking takes. */
const LINGER = 2;

/**
 * Sits in `F_OFD_SETLKW`, or in `F_SETLKW`, until the lock is granted or the owner gives up. The result is left in
 * shared memory, because waking the owner through it is quicker than a message.
 */
export default function blockedLock(task: BlockedTask): void {
  const { words, fd, kind, lock, start, length, dirfd, path, beneath, signal } = task;
  acceptInterrupts(signal);
  words[WORKER] = workerId;
  Atomics.store(words, THREAD, threadId());
  if (Atomics.compareExchange(words, STATE, QUEUED, BLOCKED) !== QUEUED) return;
  // Which file it is never changes, so this can be asked while nobody waits for the answer.
  const identified = identify(fd) === 0;
  let errno: number;
  let deadlocks = 0;
  do {
    errno = waitSetLock(fd, lock, start, length, kind);
    if (errno === EDEADLK && deadlocks < DEADLOCKS) {
      // The kernel takes all threads of a process for one, and another of ours may well go on.
      Atomics.wait(words, STATE, BLOCKED, Math.random() * 2 ** ++deadlocks);
      errno = EINTR;
    }
    // Any other signal of the process may interrupt us as well; only the owner's word ends it.
  } while (errno === EINTR && Atomics.load(words, GIVEN_UP) === 0);
  // The owner's own first system call after a rest would take several times as long.
  if (errno === 0 && identified && isStillAt(dirfd, path, beneath)) words[AT_PATH] = 1;
  words[ERRNO] = errno;
  Atomics.store(words, STATE, LEFT);
  Atomics.notify(words, STATE);
  // Were this thread to report to the pool now, the owner, which as a rule is woken on the same
  // processor, would be kept from running, and would handle the pool's message before the lock.
  Atomics.wait(words, STATE, LEFT, LINGER);
}
