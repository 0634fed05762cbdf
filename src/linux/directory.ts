/** Opening directories, and files below them, without being led astray by symbolic links. */

import { constants } from 'node:fs';
import { basename, dirname } from 'node:path';
import { EAGAIN, ELOOP, ENOSYS, EPERM, EXDEV } from './errno.ts';
import { fileCalls, type Name, toName } from './file-calls.ts';
import { nameText } from './listing.ts';
import { O_CLOEXEC, O_PATH } from './open-flags.ts';
import { uninterrupted } from './uninterrupted.ts';

// resolve flags of openat2(2).
const RESOLVE_NO_XDEV = 0x01;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_NO_SYMLINKS = 0x04;
const RESOLVE_BENEATH = 0x08;

const DIRECTORY = O_CLOEXEC | constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK;
const { O_CREAT, O_NOFOLLOW } = constants;
/** To find a file again, not to read it. */
const LOOK = O_CLOEXEC | O_PATH;

/** The longest path that the kernel takes, with its NUL. */
const PATH_MAX = 4096;

// struct open_how: three u64, flags, mode, resolve.
const how = new BigUint64Array(3);
const howBytes = new Uint8Array(how.buffer);

/** How often a way is followed anew that somebody has changed meanwhile. */
const ATTEMPTS = 8;

/** Makes the call; gives the descriptor or the negative `errno`. */
function openat2(dirfd: number, name: Name, flags: number, mode: number, resolve: number): number {
  const calls = fileCalls();
  how[0] = BigInt(flags);
  how[1] = BigInt(mode);
  how[2] = BigInt(resolve);
  for (let attempt = 1;; attempt++) {
    const fd = uninterrupted(calls, () => calls.openat2(dirfd, name, howBytes));
    if (fd !== -1) return fd;
    const errno = calls.errno();
    // A directory was moved while a `..` led out of it. A lease on the file is `EAGAIN` as well, and
    // lasts longer (open(2), `O_NONBLOCK`).
    if (errno !== EAGAIN || attempt === ATTEMPTS) return -errno;
  }
}

/** A kernel before 5.6, or a container's filter of system calls that does not know it. */
function isLacking(result: number): boolean {
  return result === -ENOSYS || result === -EPERM;
}

function openat(dirfd: number, name: Name, flags: number, mode = 0): number {
  const calls = fileCalls();
  const fd = uninterrupted(calls, () => calls.openat(dirfd, name, flags, mode));
  return fd === -1 ? -calls.errno() : fd;
}

/** Opens a directory that the caller trusts, through symbolic links; a descriptor or -errno. */
export function openDirectory(path: string): number {
  return openat(-100, toName(path), DIRECTORY);
}

/** The same, only to look for what is in it, which needs no right to read it. */
export function pinPath(path: string): number {
  return openat(-100, toName(path), LOOK | constants.O_DIRECTORY);
}

/** Opens a directory by its name in another one, and no symbolic link; a descriptor or -errno. */
export function openSubdirectory(dirfd: number, name: Name): number {
  return openat(dirfd, name, DIRECTORY | O_NOFOLLOW);
}

/** The same, but `EXDEV` where something is mounted. */
export function openUnmounted(dirfd: number, name: Name): number {
  const resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
  const fd = openat2(dirfd, name, DIRECTORY | O_NOFOLLOW, 0, resolve);
  return isLacking(fd) ? openUnmountedByHand(dirfd, name) : fd;
}

function openUnmountedByHand(dirfd: number, name: Name): number {
  const fd = openSubdirectory(dirfd, name);
  if (fd < 0) return fd;
  const mount = mountOf(fd);
  if (mount !== undefined && mount === mountOf(dirfd)) return fd;
  fileCalls().close(fd);
  return -EXDEV;
}

/** The id of the mount that a descriptor belongs to (proc(5), Linux 3.15). */
function mountOf(fd: number): string | undefined {
  const info = openat(-100, toName(`/proc/self/fdinfo/${fd}`), O_CLOEXEC);
  if (info < 0) return undefined;
  const bytes = new Uint8Array(PATH_MAX);
  const size = fileCalls().read(info, bytes, bytes.length);
  fileCalls().close(info);
  return nameText(bytes.subarray(0, Math.max(0, size))).match(/^mnt_id:\s*(\d+)/m)?.[1];
}

/**
 * Opens a file. Where it is a symbolic link, it is followed only below the directory in which it
 * lies: `EXDEV` when it leads out. Gives a descriptor or -errno.
 */
export function openBeneath(dirfd: number, path: string, flags: number, mode: number): number {
  const place = dirname(path);
  if (place === '.') return openNameBeneath(dirfd, basename(path), flags, mode);
  const directory = openat(dirfd, toName(place), LOOK | constants.O_DIRECTORY);
  if (directory < 0) return directory;
  const fd = openNameBeneath(directory, basename(path), flags, mode);
  fileCalls().close(directory);
  return fd;
}

function openNameBeneath(dirfd: number, name: string, flags: number, mode: number): number {
  // A mode without O_CREAT is EINVAL here, unlike with openat(2).
  const made = flags & O_CREAT ? mode : 0;
  const resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const fd = openat2(dirfd, toName(name), flags, made, resolve);
  return isLacking(fd) ? openBeneathByHand(dirfd, name, flags, mode) : fd;
}

/** The same without openat2(2), for one symbolic link of which no part may be another one. */
function openBeneathByHand(dirfd: number, name: string, flags: number, mode: number): number {
  const bytes = new Uint8Array(PATH_MAX);
  // Asked first, and not after `ELOOP`: with O_PATH the link itself would be opened.
  const length = fileCalls().readlinkat(dirfd, toName(name), bytes, PATH_MAX);
  if (length === -1) return openat(dirfd, toName(name), flags | O_NOFOLLOW, mode);
  const target = nameText(bytes.subarray(0, length));
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  if (target.startsWith('/') || parts.includes('..')) return -EXDEV;
  const last = toName(parts.pop() ?? '.');
  let directory = dirfd;
  for (const part of parts) {
    const next = openSubdirectory(directory, toName(part));
    if (directory !== dirfd) fileCalls().close(directory);
    if (next < 0) return next;
    directory = next;
  }
  const isLink = fileCalls().readlinkat(directory, last, bytes, PATH_MAX) !== -1;
  const found = isLink ? -ELOOP : openat(directory, last, flags | O_NOFOLLOW, mode);
  if (directory !== dirfd) fileCalls().close(directory);
  return found;
}

/**
 * Finds a directory by its name in another one, or what a link there leads to below it, to look for
 * what is in it.
 */
export function openDirectoryBeneath(dirfd: number, name: string): number {
  return openNameBeneath(dirfd, name, LOOK | constants.O_DIRECTORY, 0);
}

/** Opens what a path leads to, as {@linkcode openBeneath} does, only to look what it is. */
export function lookBeneath(dirfd: number, path: string): number {
  return openBeneath(dirfd, path, LOOK, 0);
}
