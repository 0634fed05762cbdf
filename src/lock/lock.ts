import { EBADF } from '../linux/errno.ts';
import { AT_FDCWD } from '../linux/open.ts';
import { type Description, isBusy } from './description.ts';
import { GiveUp } from './give-up.ts';
import type { LineRules } from './line.ts';
import { belongsToProcess, lockCallError, LockError, quote } from './lock-error.ts';
import { checkWaitOptions } from './lock-options.ts';
import type { LockKind, LockMode, LockRange, LockRequest, WaitOptions } from './lock-options.ts';
import type { LockedFile } from './locked-file.ts';
import type { PendingWaits } from './pending-waits.ts';
import { UpgradeWait } from './wait-upgrade.ts';

/** What a lock needs of the engine that granted it. */
export interface LockOwner {
  readonly rules: LineRules;
  readonly pending: PendingWaits;
  /** An upgrade has been granted. */
  upgraded(lock: Lock, giveUp: GiveUp): void;
  /** A lock has been released or detached. */
  ended(lock: Lock, detached: boolean): void;
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
  readonly kind: LockKind;
  /** The locked bytes; a length of 0 means up to the end of the file, however far it grows. */
  readonly range: Readonly<LockRange>;
  readonly #want: LockRequest;
  readonly #file: LockedFile;
  readonly #owner: LockOwner;
  readonly #description: Description;
  #mode: LockMode;
  #released = false;
  #upgrades: Set<GiveUp> | undefined;

  /** @internal */
  constructor(description: Description, want: LockRequest, file: LockedFile, owner: LockOwner) {
    this.path = want.path;
    this.kind = description.kind;
    this.range = want.range;
    this.#want = want;
    this.#file = file;
    this.#owner = owner;
    this.#mode = want.mode;
    this.#description = description;
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
    return this.#description.fd;
  }

  /** Whether the lock has been released or detached. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Ends the lock before it returns; calling it again does nothing. The descriptor is closed and
   * not unlocked, so children that inherited it keep the lock. An upgrade that is still waiting
   * rejects with `ERR_LOCK_RELEASED`.
   */
  release(): void {
    if (this.#released) return;
    this.#end('released');
    this.#description.close();
    // Next in line is whoever waits in this process, and has the lock when this returns.
    this.#file.remove(this);
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
    if (this.kind === 'process') throw belongsToProcess(this.#cannot('detach'), this.path);
    this.#end('detached');
    this.#file.remove(this);
    return this.#description.fd;
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
    const errno = this.#set('shared');
    if (errno !== 0) throw lockCallError(this.#cannot('downgrade'), this.path, errno);
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
    const errno = this.#set('exclusive');
    if (isBusy(errno)) return false;
    if (errno !== 0) throw this.#upgradeError(errno);
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
    if (this.tryUpgrade()) return;
    // No directory is named any more by what was `at` then.
    const want: LockRequest = { ...this.#want, dirfd: AT_FDCWD, mode: 'exclusive' };
    const { pending, rules } = this.#owner;
    const giveUp = pending.begin(want, options, this.#file, this);
    const upgrades = this.#upgrades ??= new Set();
    upgrades.add(giveUp);
    await new Promise<void>((resolve, reject) => {
      const end = (failure?: { readonly reason: unknown }): void => {
        upgrades.delete(giveUp);
        if (failure !== undefined) {
          pending.failed(giveUp, failure.reason);
          return reject(failure.reason);
        }
        this.#owner.upgraded(this, giveUp);
        resolve();
      };
      // `onWait` may have released the lock, or aborted the wait.
      if (this.#released) return end({ reason: this.#ended('upgrade', 'released') });
      if (giveUp.given !== undefined) return end(giveUp.given);
      this.#file.lineFor(rules).join(
        new UpgradeWait(this, this.#description, want, giveUp, {
          restore: () => void (!this.#released && this.#set(this.#mode)),
          error: (errno) => this.#upgradeError(errno),
          end,
        }),
      );
    });
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
    this.#file.modeChanged(this);
  }

  #end(how: 'released' | 'detached'): void {
    this.#released = true;
    if (this.#upgrades !== undefined && this.#upgrades.size > 0) {
      GiveUp.allNow(this.#upgrades, this.#ended('upgrade', how));
      // A thread in the kernel keeps the open file alive, and with it the lock.
      this.#owner.rules.waits.leaveNow(this.#description);
      // The grant may have come all the same, and children or the new owner go on with the lock.
      this.#set(this.#mode);
    }
    this.#owner.ended(this, how === 'detached');
  }

  #check(action: string): void {
    if (this.#released) throw this.#ended(action, 'released');
  }

  #set(mode: LockMode): number {
    return this.#description.trySet(mode, this.range);
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
