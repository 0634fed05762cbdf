import { EACCES, EAGAIN, EINTR } from '../linux/errno.ts';
import { trySetLock } from '../linux/record-lock.ts';
import type { KernelWait } from './kernel-wait.ts';

/** How often a parked wait tries again, in milliseconds. */
const POLL = 20;

/**
 * Waits beyond the number of threads, oldest first. They are tried every {@linkcode POLL}
 * milliseconds: were they merely queued behind the blocked ones, eight waits for files that
 * nobody releases would keep all others from locks that are free.
 */
export class ParkedWaits {
  readonly #waits = new Set<KernelWait>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** How many waits are parked. */
  get size(): number {
    return this.#waits.size;
  }

  /** Parks a wait; it ends with `EINTR` when it is given up. */
  park(wait: KernelWait): void {
    this.#waits.add(wait);
    this.#timer ??= setTimeout(this.#poll, POLL);
    wait.giveUp.listen(() => this.#end(wait, EINTR));
  }

  /** Takes out the oldest wait, whose turn for a thread has come. */
  shift(): KernelWait | undefined {
    const [oldest] = this.#waits;
    if (oldest !== undefined) this.#remove(oldest);
    return oldest;
  }

  /** Ends the waits on this descriptor. */
  leaveNow(fd: number): void {
    for (const wait of this.#waits) if (wait.fd === fd) this.#end(wait, EINTR);
  }

  readonly #poll = (): void => {
    // A wait that ends may begin another one.
    this.#timer = undefined;
    for (const wait of this.#waits) {
      const { fd, want: { mode, start, length } } = wait;
      const errno = trySetLock(fd, mode, start, length);
      if (errno !== EAGAIN && errno !== EACCES) this.#end(wait, errno);
    }
    if (this.#waits.size > 0) this.#timer ??= setTimeout(this.#poll, POLL);
  };

  #end(wait: KernelWait, errno: number): void {
    this.#remove(wait);
    wait.left(errno, false);
  }

  #remove(wait: KernelWait): void {
    this.#waits.delete(wait);
    if (this.#waits.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
