import type { Lock } from './lock.ts';

/** @internal Makes a set of the locks of all requests, and of those that were taken, in their order. */
export let newLockSet: (locks: readonly Lock[], taken: readonly Lock[]) => LockSet;

/**
 * Locks that were taken together. Made by `lockAll()`, never by `new`. Going through it gives each
 * lock once, in the order in which they were taken.
 */
export class LockSet implements Iterable<Lock>, Disposable, AsyncDisposable {
  /**
   * The lock of each request, in the order of the requests. Those that asked for the same bytes of
   * the same file have one lock together, which is then in here several times.
   */
  readonly locks: readonly Lock[];
  readonly #taken: readonly Lock[];

  static {
    newLockSet = (locks, taken) => new LockSet(locks, taken);
  }

  /** @ignore */
  private constructor(locks: readonly Lock[], taken: readonly Lock[]) {
    this.locks = locks;
    this.#taken = taken;
  }

  /** Ends all locks, the last one first; those that have ended already are left alone. */
  release(): void {
    for (const lock of this.#taken.toReversed()) lock.release();
  }

  /** Goes through the locks. */
  [Symbol.iterator](): Iterator<Lock> {
    return this.#taken[Symbol.iterator]();
  }

  /** The same as {@linkcode LockSet.release}, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** The same as {@linkcode LockSet.release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }
}
