import { isAbsolute } from 'node:path';
import { ENOENT } from '../linux/errno.ts';
import { identify, isStillAt } from '../linux/identity.ts';
import { libc } from '../linux/libc.ts';
import { closeFd, pinDirectory } from '../linux/open.ts';
import type { GiveUp } from './give-up.ts';
import { lockCallError, LockError, systemError } from './lock-error.ts';
import type { LockRequest } from './lock-options.ts';
import { cannotLock, openFile } from './open-file.ts';
import type { Waits } from './waits.ts';

/** Who is told how {@linkcode waitForLock} ended; callbacks for the reason in {@linkcode KernelWait}. */
export interface LockWait {
  readonly waits: Waits;
  readonly giveUp: GiveUp;
  /** The descriptor is locked, and its file is the one at the path. */
  readonly granted: (fd: number) => void;
  /**
   * Why not; the reason when it was given up. Nothing is held then: no descriptor, no thread, no
   * lock that turns up later.
   */
  readonly failed: (error: unknown) => void;
}

/** Waits for a lock that was busy. */
export function waitForLock(want: LockRequest, wait: LockWait): void {
  if (isAbsolute(want.path)) return waitAt(want, wait);
  // The program may change its directory or close `at` while we wait, and the path must still
  // name the same file when it is compared at the end.
  const dirfd = pinDirectory(want.dirfd);
  if (dirfd === -1) {
    const errno = libc().errno();
    return wait.failed(systemError(cannotLock(want), want.path, 'open', errno));
  }
  waitAt({ ...want, dirfd }, {
    ...wait,
    granted: (fd) => {
      closeFd(dirfd);
      wait.granted(fd);
    },
    failed: (error) => {
      closeFd(dirfd);
      wait.failed(error);
    },
  });
}

function waitAt(want: LockRequest, wait: LockWait): void {
  const { waits, giveUp, granted } = wait;
  let fd: number;
  try {
    fd = openAgain(want);
  } catch (error) {
    return wait.failed(error);
  }
  const failed = (error: unknown): void => {
    closeFd(fd);
    wait.failed(error);
  };
  const left = (errno: number, atPath: boolean): void => {
    if (giveUp.given !== undefined) return failed(giveUp.given.reason);
    if (errno !== 0) {
      return failed(lockCallError(cannotLock(want), want.path, errno));
    }
    // A holder that deletes what it locked lets us have the lock when it is done: on a file
    // that is gone, or that a new one has replaced.
    if (atPath || identify(fd) === 0 && isStillAt(want.dirfd, want.path, want.beneath)) {
      return granted(fd);
    }
    if (!want.create) return failed(replaced(want));
    closeFd(fd);
    waitAt(want, wait);
  };
  waits.until({ fd, want, giveUp, left, failed });
}

/** Opens a file that existed a moment ago. */
function openAgain(want: LockRequest): number {
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
