import { EAGAIN } from '../linux/errno.ts';
import { isStillAt } from '../linux/identity.ts';
import { type Description, isBusy } from './description.ts';
import { lockCallError } from './lock-error.ts';
import type { LockRequest } from './lock-options.ts';
import { ATTEMPTS, cannotLock, openFile, replacedOften } from './open-file.ts';

/**
 * Takes the lock on the calling thread if it is free: gives what carries it, or
 * `undefined` when somebody is in the way. `mayTry` is asked first, when the file has been
 * identified.
 *
 * @throws {LockError} when the file cannot be opened or locked.
 */
export function takeIfFree(
  want: LockRequest,
  mayTry?: (want: LockRequest) => boolean,
): Description | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const description = openFile(want);
    if (description === undefined) return undefined;
    const errno = mayTry?.(want) === false ? EAGAIN : description.trySet(want.mode, want.range);
    if (errno !== 0) {
      description.close();
      if (isBusy(errno)) return undefined;
      throw lockCallError(cannotLock(want), want.path, errno);
    }
    // Between open and lock the holder before us may have deleted the file: then we hold a lock
    // that protects nothing, while the next process locks another file of the same name.
    if (isStillAt(want.dirfd, want.path, want.beneath)) return description;
    description.close();
  }
  throw replacedOften(want);
}
