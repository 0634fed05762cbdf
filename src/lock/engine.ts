import { adopt, type AdoptOptions } from './adopt-lock.ts';
import type { Description } from './description.ts';
import { checkEngineOptions } from './engine-info.ts';
import type { EngineOptions, EngineStats, LockSnapshot } from './engine-info.ts';
import type { GiveUp } from './give-up.ts';
import { Journal } from './journal.ts';
import { LocalKeeper, type LockOwner } from './local-keeper.ts';
import { type Lock, newLock } from './lock.ts';
import { type LockAllRequest, takeAll } from './lock-all.ts';
import { checkWaitOptions, invalid, toRequest } from './lock-options.ts';
import type { LockOptions, LockRequest } from './lock-options.ts';
import type { TryLockOptions, WaitOptions } from './lock-options.ts';
import type { LockedFile } from './locked-file.ts';
import { LockedFiles } from './locked-files.ts';
import type { LockSet } from './lock-set.ts';
import { infoOf, PendingWaits } from './pending-waits.ts';
import { requireLibc } from './require-libc.ts';
import { takeIfFree } from './try-lock.ts';
import { LockWait, type LockWaitOwner } from './wait-lock.ts';
import { Waits } from './waits.ts';
import { whileHeld } from './while-held.ts';

/** @internal Takes a lock if it is free, as it was asked for here or in another thread. */
export let tryTake: (engine: LockEngine, want: LockRequest) => Lock | undefined;
/**
 * @internal Takes a lock, waiting for it. When this returns, it has called `resolve`, or called `onWait` and
 * gives what ends the wait.
 */
export let take: (
  engine: LockEngine,
  want: LockRequest,
  options: WaitOptions,
  resolve: (lock: Lock) => void,
  reject: (reason: unknown) => void,
) => GiveUp | undefined;

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
  readonly #files = new LockedFiles();
  readonly #journal = new Journal();
  readonly #pending = new PendingWaits(this.#journal);
  readonly #owner: LockOwner & LockWaitOwner;

  static {
    tryTake = (engine, want) => engine.#tryTake(want);
    take = (engine, ...how) => engine.#take(...how);
  }

  /**
   * Makes an engine; no thread is started yet.
   *
   * @throws {LockError} `ERR_LOCK_UNSUPPORTED` where libc cannot be used.
   * @throws {RangeError} for an option out of range.
   */
  constructor(options: EngineOptions = {}) {
    const { maxThreads, idleTimeout, maxHandOvers } = checkEngineOptions(options);
    requireLibc();
    const journal = this.#journal;
    this.#owner = {
      rules: {
        waits: new Waits(maxThreads, idleTimeout),
        maxHandOvers,
        onHandOver: () => journal.handOvers++,
      },
      files: this.#files,
      pending: this.#pending,
      granted: ({ giveUp, asked }, description, file) => {
        this.#pending.granted(giveUp);
        return this.#hold(description, asked, file, giveUp);
      },
      upgraded: (lock, giveUp) => {
        this.#pending.granted(giveUp);
        journal.grant(lock, giveUp);
      },
      ended: (lock, detached) => {
        this.#held.delete(lock);
        journal.release(lock, detached);
      },
    };
  }

  /** Takes a lock if it is free; see the function `tryLock()`. */
  tryLock(path: string | URL, options?: TryLockOptions): Lock | undefined {
    return this.#tryTake(toRequest(path, options));
  }

  /** Takes a lock, waiting for it; see the function `lock()`. */
  lock(path: string | URL, options: LockOptions = {}): Promise<Lock> {
    return new Promise((resolve, reject) => {
      const want = toRequest(path, options);
      checkWaitOptions(options);
      this.#take(want, options, resolve, reject);
    });
  }

  /** Takes several locks together; see the function `lockAll()`. */
  async lockAll(
    requests: Iterable<LockAllRequest>,
    options: WaitOptions = {},
  ): Promise<LockSet> {
    this.#pending.throwIfClosed();
    return await takeAll(
      requests,
      options,
      (want, options) =>
        new Promise((resolve, reject) => this.#take(want, options, resolve, reject)),
    );
  }

  /** Holds a lock while a function runs; see the function `withLock()`. */
  async withLock<T>(
    path: string | URL,
    options: LockOptions,
    fn: (lock: Lock) => T | PromiseLike<T>,
  ): Promise<T> {
    return await whileHeld(await this.lock(path, options), fn);
  }

  /** Takes over a locked descriptor; see the function `adoptLock()`. */
  adoptLock(fd: number, options: AdoptOptions): Lock {
    this.#pending.throwIfClosed();
    for (const lock of this.#held) {
      if (lock.fd === fd) throw invalid(RangeError, 'fd', 'must not be held already', fd);
    }
    const { description, want } = adopt(fd, options);
    return this.#hold(description, want, this.#files.get());
  }

  #tryTake(want: LockRequest): Lock | undefined {
    this.#pending.throwIfClosed(want.path);
    const description = takeIfFree(want);
    return description && this.#hold(description, want, this.#files.get());
  }

  #take(
    want: LockRequest,
    options: WaitOptions,
    resolve: (lock: Lock) => void,
    reject: (reason: unknown) => void,
  ): GiveUp | undefined {
    this.#pending.throwIfClosed(want.path);
    options.signal?.throwIfAborted();
    const description = takeIfFree(want, this.#mayTry);
    if (description) {
      resolve(this.#hold(description, want, this.#files.get()));
      return;
    }
    const giveUp = this.#pending.begin(want, options, this.#files.find());
    new LockWait(want, giveUp, this.#owner, resolve, reject).begin();
    return giveUp;
  }

  /** What this engine holds and waits for now. */
  query(): LockSnapshot {
    return { held: infoOf(this.#held), pending: this.#pending.info(this.#files) };
  }

  /** Figures about this engine. */
  stats(): EngineStats {
    const { blocked, parked, threads } = this.#owner.rules.waits;
    const { grants, handOvers, giveUps, waits } = this.#journal;
    const { queued } = this.#files;
    return {
      held: this.#held.size,
      queued,
      blocked,
      parked,
      threads,
      grants,
      handOvers,
      giveUps,
      waits,
    };
  }

  /**
   * Ends all waits with `ERR_LOCK_CLOSED` and then all threads. Locks that are held stay held.
   * Afterwards the engine grants nothing more. Not needed for a program to end. A thread that does not
   * leave the kernel within five seconds ends when it comes back.
   */
  async close(): Promise<void> {
    this.#files.close();
    this.#pending.close();
    await this.#owner.rules.waits.close();
  }

  /** The same as {@linkcode LockEngine.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #hold(description: Description, want: LockRequest, file: LockedFile, wait?: GiveUp): Lock {
    const lock = newLock(description, want, new LocalKeeper(description, want, file, this.#owner));
    this.#held.add(lock);
    file.add(lock);
    this.#journal.grant(lock, wait);
    return lock;
  }

  /** Nobody overtakes those who wait for the same file. */
  readonly #mayTry = (want: LockRequest): boolean =>
    this.#pending.size === 0 || !this.#files.find()?.line?.isAhead(want);
}
