import { constants } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { fileKind, identify, identity } from '../linux/identity.ts';
import { libc } from '../linux/libc.ts';
import { type Access, AT_FDCWD, closeFd, openLockFile } from '../linux/open.ts';
import { openLockFileBeneath, pathOf } from '../linux/open.ts';
import { Description } from './description.ts';
import { LockError, quote, systemError } from './lock-error.ts';
import type { LockMode, LockRequest } from './lock-options.ts';
import { ProcessFile } from './process-file.ts';

// What opening for writing answers where reading may still be allowed.
const { EACCES, EPERM, EROFS, EISDIR, ETXTBSY, EXDEV } = constants.errno;
const readOnly = new Set<number>([EACCES, EPERM, EROFS, EISDIR, ETXTBSY]);

/** The path leads to another file than the one that was asked for. */
export class FileChanged extends Error {}

/**
 * Opens the file of a request and makes sure that it can carry a lock. What it is stays known to
 * `isStillAt()` until the next call.
 *
 * A shared lock is opened for writing too where that is allowed, because an exclusive lock on a
 * read-only descriptor is `EBADF`: without it no shared lock could ever be upgraded.
 */
export function openFile(want: LockRequest): Description {
  const { path, mode, create } = want;
  const known = findProcessFile(want);
  if (known !== undefined) return checked(want, new Description(known, want.kind));
  const refused = (errno: number, syscall = 'open') =>
    systemError(cannotLock(want), path, syscall, errno);
  let fd = open(want, create ? 'create' : 'write');
  if (mode === 'shared' && !create && readOnly.has(-fd)) fd = open(want, 'read');
  if (fd === -EXDEV && want.beneath) throw leadsOut(want);
  if (fd < 0) throw refused(-fd);
  if (identify(fd) === -1) {
    const errno = libc().errno();
    closeFd(fd);
    throw refused(errno, 'statx');
  }
  return checked(want, new Description(fd, want.kind));
}

/** Makes sure that what has just been identified is a file that was asked for. */
function checked(want: LockRequest, description: Description): Description {
  const { path, mode, file } = want;
  const kind = fileKind();
  const replaced = file !== undefined && file !== identity();
  const fit = kind === 'regular file' || (kind === 'directory' && mode === 'shared');
  if (fit && !replaced) return description;
  description.close();
  if (replaced) throw new FileChanged(`${cannotLock(want)}: it has been replaced`);
  if (kind === 'directory') throw systemError(cannotLock(want), path, 'open', EISDIR);
  throw new LockError(`${cannotLock(want)}: it is a ${kind}, not a regular file`, {
    code: 'ERR_LOCK_UNSUPPORTED',
    path,
  });
}

/**
 * The file at the path, if this process has process-associated locks on it that may have another
 * one: it must not be opened anew, for to close that would end all of them.
 */
function findProcessFile(want: LockRequest): ProcessFile | undefined {
  if (ProcessFile.none || want.kind === 'ofd') return undefined;
  const fd = open(want, 'look');
  if (fd < 0) return undefined;
  const file = identify(fd) === -1 ? undefined : ProcessFile.find(identity());
  closeFd(fd);
  return want.mode === 'shared' || file?.writable ? file : undefined;
}

/** Gives a descriptor, or the negative `errno`. */
function open({ dirfd, path, beneath }: LockRequest, access: Access): number {
  if (beneath) return openLockFileBeneath(dirfd, path, access);
  const fd = openLockFile(dirfd, path, access);
  return fd === -1 ? -libc().errno() : fd;
}

function leadsOut(want: LockRequest): LockError {
  return new LockError(
    `${cannotLock(want)}: it is a symbolic link that leads out of its directory`,
    { code: 'EXDEV', errno: -EXDEV, syscall: 'openat2', path: want.path },
  );
}

/** The beginning of every message about a lock that could not be had. */
export function cannotLock(want: { path: string; dirfd?: number; mode: LockMode }): string {
  const purpose = want.mode === 'shared' ? 'reading' : 'writing';
  return `Cannot lock ${quote(fullPath(want))} for ${purpose}`;
}

/** A path for people: a relative one alone would not tell from which directory it starts. */
export function fullPath({ path, dirfd = AT_FDCWD }: { path: string; dirfd?: number }): string {
  const from = dirfd === AT_FDCWD || isAbsolute(path) ? undefined : pathOf(dirfd);
  return from === undefined ? path : join(from, path);
}
