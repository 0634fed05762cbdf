import { libc } from '../linux/libc.ts';
import { LibcUnavailable } from '../linux/load-libc.ts';
import { type AdoptOptions, verifyAdopted } from './adopt-lock.ts';
import type { EngineOptions, EngineStats, LockSnapshot, PendingInfo } from './engine-info.ts';
import { GiveUp, type WantedLock } from './give-up.ts';
import { Lock, type LockOwner } from './lock.ts';
import { LockError } from './lock-error.ts';
import { checkWaitOptions, invalid, toRequest } from './lock-options.ts';
import type { LockOptions, LockRequest } from './lock-options.ts';
import type { TryLockOptions, WaitOptions } from './lock-options.ts';
import { takeIfFree } from './try-lock.ts';
import { waitForLock } from './wait-lock.ts';
import { Waits } from './waits.ts';

/**
 * Takes locks, and has the threads that wait for them. The functions of the module use one
 * engine that is made when it is first needed; make your own for other limits, or to end all
 * waits of one part of a program together.
 *
 * @example
 * ```ts
 * import { LockEngine } from 'reflock';
 *
 * const engine = new LockEngine({ maxThreads: 2 });
 * const lock = await engine.lock('/tmp/example.ref', { create: true });
 * lock.release();
 * await engine.close();
 * ```
 */
export class LockEngine implements AsyncDisposable {
  readonly #held = new Set<Lock>();
  readonly #pending = new Map<GiveUp, PendingInfo>();
  readonly #owner: LockOwner;
  #closed = false;
  #grants = 0;
  #giveUps = 0;

  /**
   * Makes an engine; no thread is started yet.
   *
   * @throws {LockError} `ERR_LOCK_UNSUPPORTED` where libc cannot be used.
   * @throws {RangeError} for an option out of range.
   */
  constructor(options: EngineOptions = {}) {
    const { maxThreads = 8, idleTimeout = 5000 } = options;
    if (!Number.isInteger(maxThreads) || maxThreads < 1 || maxThreads > 1024) {
      throw invalid(RangeError, 'maxThreads', 'must be a whole number from 1 to 1024', maxThreads);
    }
    if (!(idleTimeout >= 0 && idleTimeout < 2 ** 31)) {
      throw invalid(RangeError, 'idleTimeout', 'must be milliseconds, 0 or more', idleTimeout);
    }
    try {
      libc();
    } catch (cause) {
      if (!(cause instanceof LibcUnavailable)) throw cause;
      throw new LockError(`Cannot lock files: ${cause.message}`, {
        code: 'ERR_LOCK_UNSUPPORTED',
        cause,
      });
    }
    this.#owner = {
      waits: new Waits(maxThreads, idleTimeout),
      beginWait: (want, options) => this.#beginWait(want, options),
      endWait: (giveUp) => this.#endWait(giveUp),
      forget: (lock) => void this.#held.delete(lock),
    };
  }

  /** Takes a lock if it is free; see the function `tryLock()`. */
  tryLock(path: string | URL, options?: TryLockOptions): Lock | undefined {
    this.#throwIfClosed();
    const want = toRequest(path, options);
    const fd = takeIfFree(want);
    return fd === undefined ? undefined : this.#hold(fd, want);
  }

  /** Takes a lock, waiting for it; see the function `lock()`. */
  lock(path: string | URL, options: LockOptions = {}): Promise<Lock> {
    return new Promise((resolve, reject) => {
      this.#throwIfClosed();
      const want = toRequest(path, options);
      checkWaitOptions(options);
      options.signal?.throwIfAborted();
      const fd = takeIfFree(want);
      if (fd !== undefined) return resolve(this.#hold(fd, want));
      const giveUp = this.#beginWait(want, options);
      waitForLock(want, {
        waits: this.#owner.waits,
        giveUp,
        granted: (fd) => {
          this.#endWait(giveUp);
          resolve(this.#hold(fd, want));
        },
        failed: (error) => {
          this.#endWait(giveUp);
          reject(error);
        },
      });
    });
  }

  /** Holds a lock while a function runs; see the function `withLock()`. */
  async withLock<T>(
    path: string | URL,
    options: LockOptions,
    fn: (lock: Lock) => T | PromiseLike<T>,
  ): Promise<T> {
    const lock = await this.lock(path, options);
    try {
      return await fn(lock);
    } finally {
      lock.release();
    }
  }

  /** Takes over a locked descriptor; see the function `adoptLock()`. */
  adoptLock(fd: number, options: AdoptOptions): Lock {
    this.#throwIfClosed();
    for (const lock of this.#held) {
      if (lock.fd === fd) throw invalid(RangeError, 'fd', 'must not be held already', fd);
    }
    return this.#hold(fd, verifyAdopted(fd, options));
  }

  /** What this engine holds and waits for now. */
  query(): LockSnapshot {
    return {
      held: Array.from(this.#held, ({ path, mode, kind }) => ({ path, mode, kind })),
      pending: Array.from(this.#pending.values(), ({ path, mode }) => ({ path, mode })),
    };
  }

  /** Figures about this engine. */
  stats(): EngineStats {
    const { blocked, parked, threads } = this.#owner.waits;
    return {
      held: this.#held.size,
      blocked,
      parked,
      threads,
      grants: this.#grants,
      giveUps: this.#giveUps,
    };
  }

  /**
   * Ends all waits with `ERR_LOCK_CLOSED` and then all threads. Locks that are held stay held.
   * Afterwards the engine grants nothing more. Not needed for a program to end.
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const [giveUp, { path }] of this.#pending) {
      giveUp.now(closed(path));
    }
    await this.#owner.waits.close();
  }

  /** The same as {@linkcode LockEngine.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #hold(fd: number, want: LockRequest): Lock {
    const lock = new Lock(fd, want, this.#owner);
    this.#held.add(lock);
    this.#grants++;
    return lock;
  }

  #beginWait(want: WantedLock, options: WaitOptions): GiveUp {
    const { path, mode } = want;
    options.onWait?.({ path, mode });
    this.#throwIfClosed(path);
    const giveUp = new GiveUp(want, options);
    this.#pending.set(giveUp, { path, mode });
    return giveUp;
  }

  #endWait(giveUp: GiveUp): void {
    giveUp.end();
    this.#pending.delete(giveUp);
    if (giveUp.given !== undefined) this.#giveUps++;
  }

  #throwIfClosed(path?: string): void {
    if (this.#closed) throw closed(path);
  }
}

function closed(path?: string): LockError {
  return new LockError('The lock engine has been closed', {
    code: 'ERR_LOCK_CLOSED',
    ...(path !== undefined && { path }),
  });
}
