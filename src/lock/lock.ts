import { isBusy } from './description.ts';
import { belongsToProcess, cannotWithLock, endedError } from './lock-error.ts';
import { lockCallError, upgradeError } from './lock-error.ts';
import { checkWaitOptions } from './lock-options.ts';
import type { LockKind, LockMode, LockRange, LockRequest, WaitOptions } from './lock-options.ts';

/** @internal What carries a lock. */
export interface LockCarrier {
  readonly kind: LockKind;
  readonly fd: number;
  /** Sets the lock if nobody is in the way. Gives 0, or `errno`. */
  trySet(mode: LockMode, range: LockRange): number;
}

/** @internal Whoever has granted a lock, and keeps the books about it. */
export interface LockKeeper {
  /** The lock has changed to its present mode. */
  modeChanged(lock: Lock): void;
  /** Waits until it has become exclusive, by `tryUpgrade()`. */
  upgrade(lock: Lock, options: WaitOptions): Promise<void>;
  /** Ends it, and all waits to upgrade it. */
  release(lock: Lock): void;
  /** Gives it away, by the descriptor that it returns, and ends all waits to upgrade it. */
  detach(lock: Lock): number;
}

/** @internal Makes a lock of what carries it. */
export let newLock: (
  carrier: LockCarrier,
  want: Pick<LockRequest, 'path' | 'mode' | 'range'>,
  keeper: LockKeeper,
) => Lock;
/** @internal Notes what another thread has done with a lock. */
export let noteMode: (lock: Lock, mode: LockMode) => void;

/**
 * A lock that is held. Made by `tryLock()`, `lock()` and their kin, never by `new`.
 *
 * While it is held, no cooperating process can have a conflicting one. It ends with
 * {@linkcode Lock.release}, or with the process, or, when children inherited it, when the last of
 * them has closed it (fcntl(2), "Open file description locks"). A lock that is dropped without
 * being released stays held as long as its engine lives, but for one of another thread's engine.
 *
 * @example
 * ```ts
 * import { tryLock } from 'reflock';
 *
 * const lock = tryLock('/tmp/example.ref', { create: true });
 * if (lock === undefined) {
 *   console.log('in use');
 * } else {
 *   console.log(lock.mode); // "exclusive"
 *   lock.release();
 * }
 * ```
 */
export class Lock implements Disposable, AsyncDisposable {
  /** The file, as the caller named it. */
  readonly path: string;
  /** To whom the kernel counts the lock. */
  readonly kind: LockKind;
  /** The locked bytes; a length of 0 means up to the end of the file, however far it grows. */
  readonly range: Readonly<LockRange>;
  readonly #carrier: LockCarrier;
  readonly #keeper: LockKeeper;
  #mode: LockMode;
  #released = false;

  static {
    newLock = (carrier, want, keeper) => new Lock(carrier, want, keeper);
    noteMode = (lock, mode) => {
      if (mode !== lock.#mode) lock.#changeMode(mode);
    };
  }

  /** @ignore */
  private constructor(
    carrier: LockCarrier,
    want: Pick<LockRequest, 'path' | 'mode' | 'range'>,
    keeper: LockKeeper,
  ) {
    this.path = want.path;
    this.kind = carrier.kind;
    this.range = want.range;
    this.#mode = want.mode;
    this.#carrier = carrier;
    this.#keeper = keeper;
  }

  /** The present mode; after the end, the last one. */
  get mode(): LockMode {
    return this.#mode;
  }

  /**
   * The locked file descriptor, close-on-exec and non-blocking. It remains the lock's: do not
   * close it. Locks of the kind `process` on the same file share one.
   *
   * @throws {LockError} `ERR_LOCK_RELEASED` after the end.
   */
  get fd(): number {
    this.#check('use');
    return this.#carrier.fd;
  }

  /** Whether the lock has been released or detached. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Ends the lock before it returns; calling it again does nothing. The descriptor is closed and
   * not unlocked, so children that inherited it keep the lock. An upgrade that is still waiting
   * rejects with `ERR_LOCK_RELEASED`; if its thread does not leave the kernel within a second, the lock
   * ends when it does.
   */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#keeper.release(this);
  }

  /**
   * Gives away the descriptor, still locked and close-on-exec: closing it is now the caller's
   * work. An upgrade that is still waiting rejects with `ERR_LOCK_RELEASED`.
   *
   * On Deno, `node:fs` does not close descriptors that it has not opened (denoland/deno#33368);
   * `adoptLock()` takes one back.
   *
   * @throws {LockError} `ERR_LOCK_RELEASED` after the end; `ERR_LOCK_UNSUPPORTED` for a lock of the
   * kind `process`, which is no descriptor's own.
   */
  detach(): number {
    this.#check('detach');
    if (this.kind === 'process') {
      throw belongsToProcess(cannotWithLock('detach', this.path), this.path);
    }
    this.#released = true;
    try {
      return this.#keeper.detach(this);
    } catch (error) {
      this.#released = false;
      throw error;
    }
  }

  /**
   * Turns an exclusive lock into a shared one, with no moment in between at which it is free.
   * Does nothing to a shared one.
   *
   * @throws {LockError} `ERR_LOCK_RELEASED` after the end.
   */
  downgrade(): void {
    this.#check('downgrade');
    if (this.#mode === 'shared') return;
    const errno = this.#carrier.trySet('shared', this.range);
    if (errno !== 0) throw lockCallError(cannotWithLock('downgrade', this.path), this.path, errno);
    this.#changeMode('shared');
  }

  /**
   * Turns a shared lock into an exclusive one if nobody else shares it. Gives `false` when
   * somebody does: the lock is still shared then.
   *
   * @throws {LockError} `EBADF` when the file could only be opened for reading;
   * `ERR_LOCK_RELEASED` after the end.
   */
  tryUpgrade(): boolean {
    this.#check('upgrade');
    if (this.#mode === 'exclusive') return true;
    const errno = this.#carrier.trySet('exclusive', this.range);
    if (isBusy(errno)) return false;
    if (errno !== 0) throw upgradeError(this.path, errno);
    this.#changeMode('exclusive');
    return true;
  }

  /**
   * Turns a shared lock into an exclusive one as soon as nobody else shares it. Until then, and
   * when it gives up, the lock stays shared. Two holders that both wait to upgrade wait for each
   * other for ever, and the kernel does not notice, or only where both are of the kind `process`:
   * give a `timeout` or a `signal`.
   *
   * @throws {LockError} `ERR_LOCK_TIMEOUT`, `ERR_LOCK_CLOSED`, `ERR_LOCK_DEADLOCK`; `ERR_LOCK_RELEASED` when the lock
   * ended before or meanwhile; `EBADF` when the file could only be opened for reading.
   */
  async upgrade(options: WaitOptions = {}): Promise<void> {
    checkWaitOptions(options);
    options.signal?.throwIfAborted();
    await this.#keeper.upgrade(this, options);
  }

  /** The same as {@linkcode Lock.release}, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  /** The same as {@linkcode Lock.release}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.release();
    return Promise.resolve();
  }

  #changeMode(mode: LockMode): void {
    this.#mode = mode;
    this.#keeper.modeChanged(this);
  }

  #check(action: string): void {
    if (this.#released) throw endedError(action, this.path, 'released');
  }
}
