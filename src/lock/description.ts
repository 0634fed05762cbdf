import { isMainThread } from 'node:worker_threads';
import { EACCES, EAGAIN, EINTR, EINVAL } from '../linux/errno.ts';
import { closeFd } from '../linux/open.ts';
import { type RecordLock, trySetLock } from '../linux/record-lock.ts';
import type { Claim } from './claim.ts';
import type { KernelWait } from './kernel-wait.ts';
import type { LockKind, LockRange, LockRequest } from './lock-options.ts';
import { ProcessFile } from './process-file.ts';

/**
 * What carries a lock: an open file description or, where the kernel has no such locks, a part of
 * the process's. Everybody else treats the two alike.
 *
 * Whether the kernel has them shows when the first lock is tried: `EINVAL`, and nothing else, says
 * that it has not.
 */
export class Description {
  readonly #fd: number;
  readonly #want: LockRequest['kind'];
  #file: ProcessFile | undefined;

  /** Takes over a descriptor, or a part of a file of which the process has locks already. */
  constructor(of: number | ProcessFile, want: LockRequest['kind']) {
    this.#want = want;
    this.#fd = typeof of === 'number' ? of : of.fd;
    if (typeof of === 'object') this.#join(of);
  }

  /** To whom the kernel counts the lock; certain as soon as one was tried. */
  get kind(): LockKind {
    return this.#file === undefined ? 'ofd' : 'process';
  }

  /** The descriptor, which may be that of others too. */
  get fd(): number {
    return this.#file === undefined ? this.#fd : this.#file.fd;
  }

  /** Sets the lock if nobody is in the way. Gives 0, or `errno`: `EAGAIN` or `EACCES` when busy. */
  trySet(lock: RecordLock, range: LockRange): number {
    if (this.#file !== undefined) return this.#file.trySet(this, lock, range);
    if (this.#want !== 'process') {
      const errno = trySetLock(this.#fd, lock, range.start, range.length);
      if (errno !== EINVAL || this.#want === 'ofd') return errno;
    }
    // Nobody but the main thread knows who has what of the process's locks.
    const file = isMainThread ? ProcessFile.withFd(this.#fd) : undefined;
    if (file === undefined) return EINVAL;
    this.#join(file);
    return file.trySet(this, lock, range);
  }

  /** Whether a thread can wait in the kernel: there is nothing that only this process knows of. */
  mayBlock(claim: Claim): boolean {
    return this.#file === undefined || !this.#file.isTaken(this, claim);
  }

  /** Notes that a thread begins to wait in the kernel; `recall` has it leave. */
  block(wait: KernelWait, recall: () => boolean): void {
    this.#file?.await(wait, { member: this, claim: wait.want, recall });
  }

  /** Notes that it is back, with 0 or `errno`; gives what has come of it, `EAGAIN` to wait on. */
  unblock(wait: KernelWait, errno: number): number {
    if (this.#file === undefined) return errno;
    return this.#file.back(wait, wait.giveUp.given === undefined ? errno : EINTR);
  }

  /** Ends the lock, and closes the descriptor as soon as nobody else needs it. */
  close(): void {
    if (this.#file !== undefined) this.#file.leave(this);
    else if (!ProcessFile.keep(this.#fd)) closeFd(this.#fd);
  }

  /** Leaves the descriptor to whoever has given it. */
  disown(): void {
    this.#file?.leave(this, this.#fd);
  }

  #join(file: ProcessFile): void {
    file.join(this);
    this.#file = file;
  }
}

/** Tells whether the answer to a try is that somebody else has the lock. */
export function isBusy(errno: number): boolean {
  return errno === EAGAIN || errno === EACCES;
}
