import { isMainThread } from 'node:worker_threads';
import { EINTR } from '../linux/errno.ts';
import { type Description, isBusy } from './description.ts';
import type { KernelWait } from './kernel-wait.ts';
import { Watch } from './watch.ts';

/** How often some parked waits are tried, in milliseconds. */
const POLL = 20;
/** The same if there are many, and all are watched. */
const SLOW_POLL = 100;
/** How many at a time: so many tries take a fifth of a millisecond. */
const AT_A_TIME = 128;
/** How often a wait is tried whose file has been closed, in milliseconds. */
const SOON = 2;
/** How many times. */
const TRIES = 10;

/**
 * Waits that have no thread to block, oldest first. Each is tried when its file has been closed
 * by somebody, which a {@linkcode Watch} tells, and all of them in turn: that finds the locks that
 * were given up without a close (`F_UNLCK`, a downgrade), and those on files that cannot be
 * watched.
 *
 * Were they merely queued behind the blocked ones, a few waits for files that nobody releases
 * would keep all others from locks that are free.
 */
export class ParkedWaits {
  readonly #waits = new Set<KernelWait>();
  readonly #watch: Watch;
  readonly #onPoll: () => void;
  /** Who is to be tried next. */
  #turn = this.#waits.values();
  #poll: ReturnType<typeof setTimeout> | undefined;
  /** How often to try those whose file has just been closed. */
  readonly #soon = new Map<KernelWait, number>();
  #again: ReturnType<typeof setTimeout> | undefined;

  /** `onPoll` is called from time to time as long as there are any. */
  constructor(idleTimeout: number, onPoll: () => void) {
    this.#onPoll = onPoll;
    this.#watch = new Watch(idleTimeout, {
      closed: (wait) => this.#closed(wait),
      lost: () => this.#waits.forEach((wait) => this.#closed(wait)),
    });
  }

  /** How many waits are parked. */
  get size(): number {
    return this.#waits.size;
  }

  /** How many threads there are for them. */
  get threads(): number {
    return this.#watch.threads;
  }

  /** Parks a wait, which may be over at once. */
  park(wait: KernelWait): void {
    this.#waits.add(wait);
    this.#pollLater();
    // A Worker that is terminated runs no code that could end the watch, and would wait for it.
    if (!isMainThread) return;
    this.#watch.add(wait);
    // What was closed since the last try, the watch has not seen.
    this.#try(wait);
  }

  /** Ends a wait that has been given up; `false` if it is not parked. */
  giveUp(wait: KernelWait): boolean {
    if (!this.#waits.has(wait)) return false;
    this.#end(wait, EINTR);
    return true;
  }

  /** Takes out the oldest wait that may block, whose turn for a thread has come. */
  shift(): KernelWait | undefined {
    for (const wait of this.#waits) {
      if (!wait.description.mayBlock(wait.want)) continue;
      this.#remove(wait);
      return wait;
    }
    return undefined;
  }

  /** Ends the waits for more of this. */
  leaveNow(description: Description): void {
    for (const wait of this.#waits) if (wait.description === description) this.#end(wait, EINTR);
  }

  /** Ends the thread. Every wait must have been given up before. */
  close(): Promise<void> {
    return this.#watch.close();
  }

  readonly #tryNext = (): void => {
    this.#poll = undefined;
    for (let tries = Math.min(AT_A_TIME, this.#waits.size); tries > 0; tries--) {
      let next = this.#turn.next();
      if (next.done) next = (this.#turn = this.#waits.values()).next();
      // A wait that ends may end others.
      if (next.done) break;
      this.#try(next.value);
    }
    this.#onPoll();
    if (this.#waits.size > 0) this.#pollLater();
  };

  #pollLater(): void {
    const slow = this.#waits.size > AT_A_TIME && this.#watch.size === this.#waits.size;
    this.#poll ??= setTimeout(this.#tryNext, slow ? SLOW_POLL : POLL);
  }

  /** inotify tells of a close before the kernel drops the lock. */
  #closed(wait: KernelWait): void {
    // The end of another wait may have ended this one.
    if (!this.#waits.has(wait) || this.#try(wait)) return;
    this.#soon.set(wait, TRIES);
    this.#again ??= setTimeout(this.#tryAgain, SOON);
  }

  readonly #tryAgain = (): void => {
    this.#again = undefined;
    for (const [wait, left] of this.#soon) {
      if (this.#try(wait)) continue;
      if (left > 1) this.#soon.set(wait, left - 1);
      else this.#soon.delete(wait);
    }
    if (this.#soon.size > 0) this.#again ??= setTimeout(this.#tryAgain, SOON);
  };

  /** Tells whether the wait is over. */
  #try(wait: KernelWait): boolean {
    const errno = wait.description.trySet(wait.want.mode, wait.want.range);
    if (isBusy(errno)) return false;
    this.#end(wait, errno);
    return true;
  }

  #end(wait: KernelWait, errno: number): void {
    this.#remove(wait);
    wait.left(errno, false);
  }

  #remove(wait: KernelWait): void {
    this.#waits.delete(wait);
    this.#soon.delete(wait);
    this.#watch.delete(wait);
    if (this.#waits.size > 0) return;
    clearTimeout(this.#poll);
    clearTimeout(this.#again);
    this.#poll = this.#again = undefined;
    // An iterator that stands still keeps the ended waits in memory.
    this.#turn = this.#waits.values();
  }
}
