import { EACCES, EAGAIN, EINTR } from '../linux/errno.ts';
import { trySetLock } from '../linux/record-lock.ts';
import type { GiveUp } from './give-up.ts';
import type { LockRequest } from './lock-options.ts';

/** How often a parked wait tries again, in milliseconds. */
const POLL = 20;

/** A wait for which there is no thread. */
export interface ParkedWait {
  readonly fd: number;
  readonly want: LockRequest;
  readonly giveUp: GiveUp;
  /** Ends the wait with 0, an `errno`, or what a thread will find out. */
  readonly resolve: (errno: number | Promise<number>) => void;
}

/**
 * Waits beyond the number of threads, oldest first. They are tried every {@linkcode POLL}
 * milliseconds: were they merely queued behind the blocked ones, eight waits for files that
 * nobody releases would keep all others from locks that are free.
 */
export class ParkedWaits {
  readonly #waits = new Set<ParkedWait>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** How many waits are parked. */
  get size(): number {
    return this.#waits.size;
  }

  /** Parks a wait; gives 0 or `errno`, `EINTR` when it was given up. */
  park(fd: number, want: LockRequest, giveUp: GiveUp): Promise<number> {
    return new Promise((resolve) => {
      const wait = { fd, want, giveUp, resolve };
      this.#waits.add(wait);
      this.#timer ??= setTimeout(this.#poll, POLL);
      giveUp.listen(() => this.#end(wait, EINTR));
    });
  }

  /** Takes out the oldest wait, whose turn for a thread has come. */
  shift(): ParkedWait | undefined {
    const [oldest] = this.#waits;
    if (oldest !== undefined) this.#remove(oldest);
    return oldest;
  }

  /** Ends the waits on this descriptor. */
  leaveNow(fd: number): void {
    for (const wait of this.#waits) if (wait.fd === fd) this.#end(wait, EINTR);
  }

  readonly #poll = (): void => {
    for (const wait of this.#waits) {
      const { fd, want: { mode, start, length } } = wait;
      const errno = trySetLock(fd, mode, start, length);
      if (errno !== EAGAIN && errno !== EACCES) this.#end(wait, errno);
    }
    this.#timer = this.#waits.size > 0 ? setTimeout(this.#poll, POLL) : undefined;
  };

  #end(wait: ParkedWait, errno: number): void {
    this.#remove(wait);
    wait.resolve(errno);
  }

  #remove(wait: ParkedWait): void {
    this.#waits.delete(wait);
    if (this.#waits.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
