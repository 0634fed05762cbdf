import { isMainThread } from 'node:worker_threads';
import { BlockedThreads } from './blocked-threads.ts';
import type { Description } from './description.ts';
import type { KernelWait } from './kernel-wait.ts';
import { LeasedFiles } from './leased-files.ts';
import { ParkedWaits } from './parked-waits.ts';

/**
 * From so many parked waits on no thread is blocked any more. A few threads more or less mean
 * nothing to so many, and all of them are watched by one, while each takes 10 MB on Node.
 */
const CROWD = 64;

/**
 * Where those are who wait for somebody outside the engine: each of the first `maxThreads` blocks a
 * thread, and the kernel wakes it; the others are parked, and tried when their file is closed,
 * until the oldest gets a thread. In a crowd, and within a `Worker`, all are parked.
 */
export class Waits {
  /** Those who wait for a file that they cannot open yet. */
  readonly leased: LeasedFiles = new LeasedFiles();
  readonly #parked: ParkedWaits;
  readonly #threads: BlockedThreads;

  constructor(maxThreads: number, idleTimeout: number) {
    this.#parked = new ParkedWaits(idleTimeout, () => this.#promote());
    this.#threads = new BlockedThreads(maxThreads, idleTimeout, {
      onFree: () => this.#promote(),
      onBack: (wait) => this.#parked.park(wait),
    });
  }

  /** How many waits block a thread. */
  get blocked(): number {
    return this.#threads.blocked;
  }

  /** How many waits have no thread. */
  get parked(): number {
    return this.#parked.size + this.leased.size;
  }

  /** How many threads there are, busy or idle. */
  get threads(): number {
    return this.#threads.threads + this.#parked.threads;
  }

  /** Waits until the lock is set on the descriptor. */
  until(wait: KernelWait): void {
    if (this.#hasThread && wait.description.mayBlock(wait.want)) return this.#threads.block(wait);
    this.#parked.park(wait);
    if (this.#parked.size === CROWD) this.#threads.handBack();
  }

  /** Has a wait end that has been given up, as soon as no thread uses its descriptor. */
  giveUp(wait: KernelWait): void {
    if (!this.#parked.giveUp(wait)) this.#threads.giveUp(wait);
  }

  /** Makes every wait for more of this let go of it before returning, so it can be closed. */
  leaveNow(description: Description): void {
    this.#parked.leaveNow(description);
    this.#threads.leaveNow(description);
  }

  /** Ends the threads. Every wait must have been given up before. */
  async close(): Promise<void> {
    await Promise.all([this.#threads.close(), this.#parked.close()]);
  }

  /** Gives the oldest parked waits the threads that are free. */
  #promote(): void {
    while (this.#hasThread) {
      const next = this.#parked.shift();
      if (next === undefined) return;
      this.#threads.block(next);
    }
  }

  get #hasThread(): boolean {
    // A Worker that is terminated runs no code that could interrupt its threads; on Node and Bun it
    // would wait for them, and the main thread for it.
    return isMainThread && this.#threads.free && this.#parked.size < CROWD;
  }
}
