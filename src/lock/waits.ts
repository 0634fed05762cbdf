import { isMainThread } from 'node:worker_threads';
import { BlockedThreads } from './blocked-threads.ts';
import type { KernelWait } from './kernel-wait.ts';
import { ParkedWaits } from './parked-waits.ts';

/**
 * Where waiting locks are: each of the first `maxThreads` blocks a thread, and the kernel wakes
 * it; the others are parked, and a timer tries them until the oldest gets a thread. Within a
 * `Worker` all are parked.
 */
export class Waits {
  readonly #parked = new ParkedWaits();
  readonly #threads: BlockedThreads;

  constructor(maxThreads: number, idleTimeout: number) {
    this.#threads = new BlockedThreads(maxThreads, idleTimeout, () => {
      const next = this.#parked.shift();
      if (next !== undefined) this.#threads.block(next);
    });
  }

  /** How many waits block a thread. */
  get blocked(): number {
    return this.#threads.blocked;
  }

  /** How many waits have no thread. */
  get parked(): number {
    return this.#parked.size;
  }

  /** How many threads there are, busy or idle. */
  get threads(): number {
    return this.#threads.threads;
  }

  /** Waits until the lock is set on the descriptor. */
  until(wait: KernelWait): void {
    // A Worker that is terminated runs no code that could interrupt its threads; on Node and Bun it
    // would wait for them, and the main thread for it.
    if (isMainThread && this.#threads.free) this.#threads.block(wait);
    else this.#parked.park(wait);
  }

  /** Makes every wait on this descriptor let go of it before returning, so it can be closed. */
  leaveNow(fd: number): void {
    this.#parked.leaveNow(fd);
    this.#threads.leaveNow(fd);
  }

  /** Ends the threads. Every wait must have been given up before. */
  close(): Promise<void> {
    return this.#threads.close();
  }
}
