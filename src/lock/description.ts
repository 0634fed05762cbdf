import { isMainThread } from 'node:worker_threads';
import { EACCES, EAGAIN, EINTR, EINVAL } from '../linux/errno.ts';
import { closeFd } from '../linux/open.ts';
import { type RecordLock, trySetLock } from '../linux/record-lock.ts';
import type { Claim } from './claim.ts';
import type { KernelWait } from './kernel-wait.ts';
import type { LockKind, LockRange, LockRequest } from './lock-options.ts';
import { ProcessFile } from './process-file.ts';

/** A thread that waits in the kernel, by a descriptor. */
export interface BlockedThread {
  /** Whether it may still use the descriptor. */
  readonly isBlocked: boolean;
  /** Has it leave the kernel, and returns when it has; `false` if it does not. */
  recall(): boolean;
}

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
  readonly #threads = new Map<KernelWait, BlockedThread>();
  #closing = false;

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

  /** Whether a thread may still use the descriptor, so that it must stay open. */
  get isInUse(): boolean {
    for (const thread of this.#threads.values()) if (thread.isBlocked) return true;
    return false;
  }

  /** Notes that a thread begins to wait in the kernel. */
  block(wait: KernelWait, thread: BlockedThread): void {
    this.#threads.set(wait, thread);
    const recall = (): boolean => thread.recall();
    this.#file?.await(wait, { member: this, claim: wait.want, recall });
  }

  /** Notes that it is back, with 0 or `errno`; gives what has come of it, `EAGAIN` to wait on. */
  unblock(wait: KernelWait, errno: number): number {
    this.#threads.delete(wait);
    const given = wait.giveUp.given === undefined ? errno : EINTR;
    const result = this.#file === undefined ? errno : this.#file.back(wait, given);
    if (this.#closing) this.close();
    return result;
  }

  /**
   * Ends the lock, and closes the descriptor as soon as nobody else needs it. A thread that has not
   * come back would use its number, and keeps the open file, and with it the lock, whatever is done
   * here.
   */
  close(): void {
    this.#closing = this.isInUse;
    if (this.#closing) return;
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
