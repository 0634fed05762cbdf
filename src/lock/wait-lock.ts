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

/**
 * Waits for a lock that was busy, and gives the locked descriptor. Rejects with the reason when
 * it is given up, and then holds nothing: no descriptor, no thread, no lock that turns up later.
 */
export async function waitForLock(
  want: LockRequest,
  waits: Waits,
  giveUp: GiveUp,
): Promise<number> {
  if (isAbsolute(want.path)) return await waitAt(want, waits, giveUp);
  // The program may change its directory or close `at` while we wait, and the path must still
  // name the same file when it is compared at the end.
  const dirfd = pinDirectory(want.dirfd);
  if (dirfd === -1) {
    throw systemError(cannotLock(want.path, want.mode), want.path, 'open', libc().errno());
  }
  try {
    return await waitAt({ ...want, dirfd }, waits, giveUp);
  } finally {
    closeFd(dirfd);
  }
}

async function waitAt(want: LockRequest, waits: Waits, giveUp: GiveUp): Promise<number> {
  for (;;) {
    const fd = openAgain(want);
    let keep = false;
    try {
      const errno = await waits.until(fd, want, giveUp);
      if (giveUp.given !== undefined) throw giveUp.given.reason;
      if (errno !== 0) throw lockCallError(cannotLock(want.path, want.mode), want.path, errno);
      // A holder that deletes what it locked lets us have the lock when it is done: on a file
      // that is gone, or that a new one has replaced.
      identify(fd);
      keep = isStillAt(want.dirfd, want.path);
      if (keep) return fd;
      if (!want.create) throw replaced(want);
    } finally {
      if (!keep) closeFd(fd);
    }
  }
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

function replaced({ path, mode }: LockRequest): LockError {
  return new LockError(`${cannotLock(path, mode)}: it was deleted or replaced during the wait`, {
    code: 'ERR_LOCK_REPLACED',
    path,
  });
}
