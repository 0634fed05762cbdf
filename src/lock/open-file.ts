import { constants } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { EAGAIN, EEXIST, ENOENT, EXDEV } from '../linux/errno.ts';
import { fileKind, identify, identity } from '../linux/identity.ts';
import { libc } from '../linux/libc.ts';
import { type Access, AT_FDCWD, closeFd, createLockFile, openLockFile } from '../linux/open.ts';
import { openLockFileBeneath, pathOf } from '../linux/open.ts';
import { Status } from '../linux/status.ts';
import { Description } from './description.ts';
import { LockError, systemError } from './lock-error.ts';
import type { LockMode, LockRequest } from './lock-options.ts';
import { quote } from './printable.ts';
import { ProcessFile } from './process-file.ts';

// What opening for writing answers where reading may still be allowed.
const { EACCES, EPERM, EROFS, EISDIR, ETXTBSY } = constants.errno;
const readOnly = new Set<number>([EACCES, EPERM, EROFS, EISDIR, ETXTBSY]);

/** How often a file may be replaced under us before something other than bad luck is at work. */
export const ATTEMPTS = 100;

/** The path leads to another file than the one that was asked for. */
export class FileChanged extends Error {}

/**
 * Opens the file of a request and makes sure that it can carry a lock; gives `undefined` when that
 * has to wait, because somebody has a lease on the file (fcntl(2), "Leases"). What it is stays known
 * to `isStillAt()` until the next call.
 *
 * A shared lock is opened for writing too where that is allowed, because an exclusive lock on a
 * read-only descriptor is `EBADF`: without it no shared lock could ever be upgraded.
 */
export function openFile(want: LockRequest): Description | undefined {
  const known = findProcessFile(want);
  const fd = known === undefined ? openOrCreate(want) : known.fd;
  if (fd === -EAGAIN) return leased(want);
  if (fd < 0) throw refused(want, -fd);
  if (known === undefined && identify(fd) === -1) {
    const errno = libc().errno();
    closeFd(fd);
    throw refused(want, errno, 'statx');
  }
  const description = new Description(known ?? fd, want.kind);
  const unfit = findUnfit(want);
  if (unfit === undefined) return description;
  description.close();
  throw unfit;
}

/** Gives a descriptor, or the negative `errno`. */
function openOrCreate(want: LockRequest): number {
  for (let attempt = 1;; attempt++) {
    // Without `O_CREAT`, which is refused for what somebody else has made in a sticky directory.
    let fd = open(want, 'write');
    // A lease for reading, as Samba takes them, is in the way of writers alone (fcntl(2)).
    if (want.mode === 'shared' && (readOnly.has(-fd) || fd === -EAGAIN)) fd = open(want, 'read');
    if (fd !== -ENOENT || !want.create) return fd;
    fd = createLockFile(want.dirfd, want.path, want.beneath);
    if (fd !== -EEXIST || attempt === ATTEMPTS) return fd;
  }
}

/** Finds out about a file that cannot be opened yet. */
function leased(want: LockRequest): Description | undefined {
  const fd = open(want, 'look');
  if (fd === -ENOENT && want.create) return openFile(want);
  if (fd < 0) throw refused(want, -fd);
  const errno = identify(fd) === -1 ? libc().errno() : 0;
  closeFd(fd);
  if (errno !== 0) throw refused(want, errno, 'statx');
  const unfit = findUnfit(want);
  if (unfit !== undefined) throw unfit;
  return undefined;
}

/** Why what has just been identified is not a file that was asked for, if it is not. */
function findUnfit(want: LockRequest): Error | undefined {
  const { path, mode, file } = want;
  const kind = fileKind();
  if (file !== undefined && file !== identity()) {
    return new FileChanged(`${cannotLock(want)}: it has been replaced`);
  }
  if (kind === 'regular file' || (kind === 'directory' && mode === 'shared')) return undefined;
  if (kind === 'directory') return systemError(cannotLock(want), path, 'open', EISDIR);
  return new LockError(`${cannotLock(want)}: it is a ${kind}, not a regular file`, {
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

/** Opens what exists; gives a descriptor, or the negative `errno`. */
function open({ dirfd, path, beneath }: LockRequest, access: Access): number {
  if (beneath) return openLockFileBeneath(dirfd, path, access);
  const fd = openLockFile(dirfd, path, access);
  return fd === -1 ? -libc().errno() : fd;
}

/** Says why the file cannot be opened, and whose it is if its mode is the reason. */
function refused(want: LockRequest, errno: number, syscall = 'open'): LockError {
  if (errno === EXDEV && want.beneath) return leadsOut(want);
  // It was not there, and then it was, each time.
  if (errno === EEXIST) return replacedOften(want);
  const owner = errno === EACCES ? ownerOf(want) : undefined;
  if (owner === undefined) return systemError(cannotLock(want), want.path, syscall, errno);
  const purpose = want.mode === 'shared' ? 'read it' : 'write to it';
  const user = owner === 0 ? 'root' : `uid ${owner} or as root`;
  return new LockError(
    `${cannotLock(want)}: it belongs to uid ${owner}, and this process may not ${purpose} ` +
      `(EACCES from ${syscall}); run as ${user}, or allow it with chmod`,
    { code: 'EACCES', errno: -errno, syscall, path: want.path },
  );
}

/** Who owns the file; `undefined` where the way to it is what is closed. */
function ownerOf(want: LockRequest): number | undefined {
  // Not opened for reading: to close that would end locks of the kind `process`.
  const fd = open(want, 'look');
  if (fd < 0) return undefined;
  const status = new Status();
  const errno = status.of(fd);
  closeFd(fd);
  return errno === 0 ? status.uid : undefined;
}

/** The file is never the same for long enough to be locked. */
export function replacedOften(want: LockRequest): LockError {
  return new LockError(
    `${cannotLock(want)}: it was replaced ${ATTEMPTS} times in a row`,
    { code: 'ERR_LOCK_REPLACED', path: want.path },
  );
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
