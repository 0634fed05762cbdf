import { isAbsolute } from 'node:path';
import { ENOENT } from '../linux/errno.ts';
import { isFileAt } from '../linux/identity.ts';
import { libc } from '../linux/libc.ts';
import { closeFd, pinDirectory } from '../linux/open.ts';
import type { Description } from './description.ts';
import type { GiveUp } from './give-up.ts';
import type { LeasedFiles } from './leased-files.ts';
import type { LineRules } from './line.ts';
import type { Lock } from './lock.ts';
import { lockCallError, LockError, systemError } from './lock-error.ts';
import type { LockRequest } from './lock-options.ts';
import type { LockedFile } from './locked-file.ts';
import type { LockedFiles } from './locked-files.ts';
import { cannotLock, openFile } from './open-file.ts';
import type { PendingWaits } from './pending-waits.ts';
import { Waiter } from './waiter.ts';

/** The engine, as a wait knows it. */
export interface LockWaitOwner {
  readonly rules: LineRules;
  readonly files: LockedFiles;
  readonly pending: PendingWaits;
  /** Makes a lock of what carries it, and whose file is the one at the path. */
  granted(wait: LockWait, description: Description, file: LockedFile): Lock;
}

/** The wait for a lock that was busy, from `begin()` until one of the two callbacks is called. */
export class LockWait extends Waiter {
  override description!: Description;
  override want: LockRequest;
  readonly asked: LockRequest;
  readonly #owner: LockWaitOwner;
  readonly #resolve: (lock: Lock) => void;
  readonly #reject: (reason: unknown) => void;
  #file: LockedFile | undefined;

  /**
   * When it is rejected nothing is held: no descriptor, no thread, no lock that turns up later; but
   * for what a thread has that is stuck, see `BlockedThreads`.
   */
  constructor(
    want: LockRequest,
    giveUp: GiveUp,
    owner: LockWaitOwner,
    resolve: (lock: Lock) => void,
    reject: (reason: unknown) => void,
  ) {
    super(giveUp);
    this.asked = this.want = want;
    this.#owner = owner;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Tries to open the file again, on which somebody had a lease. */
  openAgain(): void {
    this.#joinLine();
  }

  override givenUp(): void {
    const { given } = this.giveUp;
    if (given !== undefined && this.#leased.delete(this)) this.#fail(given.reason);
    else super.givenUp();
  }

  begin(): void {
    if (!isAbsolute(this.asked.path)) {
      // The program may change its directory or close `at` while we wait, and the path must still
      // name the same file when it is compared at the end.
      const dirfd = pinDirectory(this.asked.dirfd);
      if (dirfd === -1) {
        const errno = libc().errno();
        return this.#fail(systemError(cannotLock(this.asked), this.asked.path, 'open', errno));
      }
      this.want = { ...this.asked, dirfd };
    }
    this.#joinLine();
  }

  override ended(errno: number, atPath: boolean): boolean {
    const { description, want, giveUp } = this;
    if (giveUp.given !== undefined) return this.#failOpen(giveUp.given.reason);
    if (errno !== 0) return this.#failOpen(lockCallError(cannotLock(want), want.path, errno));
    // A holder that deletes what it locked lets us have the lock when it is done: on a file
    // that is gone, or that a new one has replaced.
    const file = this.#file!;
    if (atPath || isFileAt(file.key, want.dirfd, want.path, want.beneath)) {
      this.#unpin();
      this.#resolve(this.#owner.granted(this, description, file));
      return true;
    }
    if (!want.create) return this.#failOpen(replaced(want));
    description.close();
    this.#joinLine();
    return false;
  }

  #failOpen(error: unknown): false {
    this.description.close();
    this.#fail(error);
    return false;
  }

  #joinLine(): void {
    if (this.giveUp.given !== undefined) return this.#fail(this.giveUp.given.reason);
    try {
      const description = openAgain(this.want);
      if (description === undefined) return this.#leased.add(this);
      this.description = description;
    } catch (error) {
      return this.#fail(error);
    }
    this.#file = this.#owner.files.get();
    this.#file.lineFor(this.#owner.rules).join(this);
  }

  #fail(error: unknown): void {
    this.#unpin();
    this.#owner.pending.failed(this.giveUp, error);
    this.#reject(error);
  }

  get #leased(): LeasedFiles {
    return this.#owner.rules.waits.leased;
  }

  #unpin(): void {
    if (this.want !== this.asked) closeFd(this.want.dirfd);
  }
}

/** Opens a file that existed a moment ago; `undefined` as long as somebody has a lease on it. */
function openAgain(want: LockRequest): Description | undefined {
  try {
    return openFile(want);
  } catch (error) {
    const gone = error instanceof LockError && error.errno === -ENOENT && !want.create;
    throw gone ? replaced(want) : error;
  }
}

function replaced(want: LockRequest): LockError {
  return new LockError(`${cannotLock(want)}: it was deleted or replaced during the wait`, {
    code: 'ERR_LOCK_REPLACED',
    path: want.path,
  });
}
