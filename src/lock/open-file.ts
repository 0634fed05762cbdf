import { constants } from 'node:os';
import { fileKind, identify } from '../linux/identity.ts';
import { libc } from '../linux/libc.ts';
import { closeFd, openLockFile } from '../linux/open.ts';
import { LockError, quote, systemError } from './lock-error.ts';
import type { LockMode, LockRequest } from './lock-options.ts';

// What opening for writing answers where reading may still be allowed.
const { EACCES, EPERM, EROFS, EISDIR, ETXTBSY } = constants.errno;
const readOnly = new Set<number>([EACCES, EPERM, EROFS, EISDIR, ETXTBSY]);

/**
 * Opens the file of a request and makes sure that it can carry a lock. What it is stays known to
 * `isStillAt()` until the next call.
 *
 * A shared lock is opened for writing too where that is allowed, because an exclusive lock on a
 * read-only descriptor is `EBADF`: without it no shared lock could ever be upgraded.
 */
export function openFile(want: LockRequest): number {
  const { path, dirfd, mode, create } = want;
  let fd = openLockFile(dirfd, path, create ? 'create' : 'write');
  if (fd === -1) {
    let errno = libc().errno();
    if (mode === 'shared' && !create && readOnly.has(errno)) {
      fd = openLockFile(dirfd, path, 'read');
      if (fd === -1) errno = libc().errno();
    }
    if (fd === -1) throw systemError(cannotLock(path, mode), path, 'open', errno);
  }
  if (identify(fd) === -1) {
    const errno = libc().errno();
    closeFd(fd);
    throw systemError(cannotLock(path, mode), path, 'statx', errno);
  }
  const kind = fileKind();
  if (kind === 'regular file' || (kind === 'directory' && mode === 'shared')) return fd;
  closeFd(fd);
  if (kind === 'directory') {
    throw systemError(cannotLock(path, mode), path, 'open', EISDIR);
  }
  throw new LockError(`${cannotLock(path, mode)}: it is a ${kind}, not a regular file`, {
    code: 'ERR_LOCK_UNSUPPORTED',
    path,
  });
}

/** The beginning of every message about a lock that could not be had. */
export function cannotLock(path: string, mode: LockMode): string {
  return `Cannot lock ${quote(path)} for ${mode === 'shared' ? 'reading' : 'writing'}`;
}
