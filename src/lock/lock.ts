import { EACCES, EAGAIN, EBADF } from '../linux/errno.ts';
import { closeFd } from '../linux/open.ts';
import { trySetLock } from '../linux/record-lock.ts';
import type { GiveUp, WantedLock } from './give-up.ts';
import { lockCallError, LockError, quote } from './lock-error.ts';
import { checkWaitOptions } from './lock-options.ts';
import type { LockKind, LockMode, LockRequest, WaitOptions } from './lock-options.ts';
import type { Waits } from './waits.ts';

/** What a lock needs of the engine that granted it. */
export interface LockOwner {
  readonly waits: Waits;
  beginWait(want: WantedLock, options: WaitOptions): GiveUp;
  endWait(giveUp: GiveUp): void;
  forget(lock: Lock): void;
}

/**
 * A lock that is held. Made by `tryLock()`, `lock()` and their kin, never by `new`.
 *
 * While it is held, no cooperating process can have a conflicting one. It ends with
 * {@linkcode Lock.release}, or with the process, or, when children inherited it, when the last of
 * them has closed it (fcntl(2), "Open file description locks"). A lock that is dropped without
 * being released stays held as long as its engine lives.
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
  readonly kind: LockKind = 'ofd';
  readonly #want: LockRequest;
  readonly #owner: LockOwner;
  #mode: LockMode;
  #fd: number;
  #upgrades: Set<GiveUp> | undefined;

  /** @internal */
  constructor(fd: number, want: LockRequest, owner: LockOwner) {
    this.path = want.path;
    this.#want = want;
    this.#owner = owner;
    this.#mode = want.mode;
    this.#fd = fd;
  }

  /** The present mode; after the end, the last one. */
  get mode(): LockMode {
    return this.#mode;
  }

  /**
   * The locked file descriptor, close-on-exec and non-blocking. It remains the lock's: do not
   * close it.
   *
   * @throws {LockError} `ERR_LOCK_RELEASED` after the end.
   */
  get fd(): number {
    return this.#open('use');
  }

  /** Whether the lock has been released or detached. */
  get released(): boolean {
    return this.#fd === -1;
  }

  /**
   * Ends the lock before it returns; calling it again does nothing. The descriptor is closed and
   * not unlocked, so children that inherited it keep the lock. An upgrade that is still waiting
   * rejects with `ERR_LOCK_RELEASED`.
   */
  release(): void {
    if (this.#fd !== -1) closeFd(this.#end('released'));
  }

  /**
   * Gives away the descriptor, still locked and close-on-exec: closing it is now the caller's
   * work. An upgrade that is still waiting rejects with `ERR_LOCK_RELEASED`.
   *
   * On Deno, `node:fs` does not close descriptors that it has not opened (denoland/deno#33368);
   * `adoptLock()` takes one back.
   *
   * @throws {LockError} `ERR_LOCK_RELEASED` after the end.
   */
  detach(): number {
    this.#open('detach');
    return this.#end('detached');
  }

  /**
   * Turns an exclusive lock into a shared one, with no moment in between at which it is free.
   * Does nothing to a shared one.
   *
   * @throws {LockError} `ERR_LOCK_RELEASED` after the end.
   */
  downgrade(): void {
    const fd = this.#open('downgrade');
    if (this.#mode === 'shared') return;
    const errno = this.#set(fd, 'shared');
    if (errno !== 0) throw lockCallError(this.#cannot('downgrade'), this.path, errno);
    this.#mode = 'shared';
  }

  /**
   * Turns a shared lock into an exclusive one if nobody else shares it. Gives `false` when
   * somebody does: the lock is still shared then.
   *
   * @throws {LockError} `EBADF` when the file could only be opened for reading;
   * `ERR_LOCK_RELEASED` after the end.
   */
  tryUpgrade(): boolean {
    const fd = this.#open('upgrade');
    if (this.#mode === 'exclusive') return true;
    const errno = this.#set(fd, 'exclusive');
    if (errno === EAGAIN || errno === EACCES) return false;
    if (errno !== 0) throw this.#upgradeError(errno);
    this.#mode = 'exclusive';
    return true;
  }

  /**
   * Turns a shared lock into an exclusive one as soon as nobody else shares it. Until then, and
   * when it gives up, the lock stays shared. Two holders that both wait to upgrade wait for each
   * other for ever, and the kernel does not notice: give a `timeout` or a `signal`.
   *
   * @throws {LockError} `ERR_LOCK_TIMEOUT`, `ERR_LOCK_CLOSED`; `ERR_LOCK_RELEASED` when the lock
   * ended before or meanwhile; `EBADF` when the file could only be opened for reading.
   */
  async upgrade(options: WaitOptions = {}): Promise<void> {
    checkWaitOptions(options);
    options.signal?.throwIfAborted();
    if (this.tryUpgrade()) return;
    const owner = this.#owner;
    const giveUp = owner.beginWait({ path: this.path, mode: 'exclusive' }, options);
    const upgrades = this.#upgrades ??= new Set();
    upgrades.add(giveUp);
    try {
      const want: LockRequest = { ...this.#want, mode: 'exclusive' };
      let errno: number;
      do {
        // `onWait` may have released the lock.
        const fd = this.#open('upgrade');
        errno = await new Promise<number>((left, failed) => {
          owner.waits.until({ fd, want, giveUp, left, failed });
        });
        // Since the grant `downgrade()`, or another upgrade that gave up, may have undone it.
      } while (errno === 0 && giveUp.given === undefined && !this.tryUpgrade());
      if (giveUp.given !== undefined) {
        // The grant may have come all the same; whoever gave up must not keep others out.
        if (errno === 0 && this.#fd !== -1) this.#set(this.#fd, this.#mode);
        throw giveUp.given.reason;
      }
      if (errno !== 0) throw this.#upgradeError(errno);
    } finally {
      upgrades.delete(giveUp);
      owner.endWait(giveUp);
    }
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

  #end(how: 'released' | 'detached'): number {
    const fd = this.#fd;
    this.#fd = -1;
    if (this.#upgrades !== undefined && this.#upgrades.size > 0) {
      for (const giveUp of this.#upgrades) giveUp.now(this.#ended('upgrade', how));
      // A thread in the kernel keeps the open file alive, and with it the lock.
      this.#owner.waits.leaveNow(fd);
      // The grant may have come all the same, and children or the new owner go on with the lock.
      this.#set(fd, this.#mode);
    }
    this.#owner.forget(this);
    return fd;
  }

  #open(action: string): number {
    if (this.#fd === -1) throw this.#ended(action, 'released');
    return this.#fd;
  }

  #set(fd: number, mode: LockMode): number {
    return trySetLock(fd, mode, this.#want.start, this.#want.length);
  }

  #cannot(action: string): string {
    return `Cannot ${action} the lock on ${quote(this.path)}`;
  }

  #ended(action: string, how: string): LockError {
    return new LockError(`${this.#cannot(action)}: it has been ${how}`, {
      code: 'ERR_LOCK_RELEASED',
      path: this.path,
    });
  }

  #upgradeError(errno: number): LockError {
    if (errno !== EBADF) return lockCallError(this.#cannot('upgrade'), this.path, errno);
    return new LockError(`${this.#cannot('upgrade')}: the file may only be read`, {
      code: 'EBADF',
      errno: -EBADF,
      syscall: 'fcntl',
      path: this.path,
    });
  }
}
