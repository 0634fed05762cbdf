/** Opening directories, and files below them, without being led astray by symbolic links. */

import { constants } from 'node:fs';
import { basename, dirname } from 'node:path';
import { ELOOP, EXDEV } from './errno.ts';
import { fileCalls, type Name, toName } from './file-calls.ts';
import { nameText } from './listing.ts';
import { O_CLOEXEC, O_PATH } from './open-flags.ts';
import {
  isLacking,
  openat,
  openat2,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from './openat.ts';

const DIRECTORY = O_CLOEXEC | constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK;
const { O_CREAT, O_NOFOLLOW } = constants;
/** To find a file again, not to read it. */
const LOOK = O_CLOEXEC | O_PATH;

/** The longest path that the kernel takes, with its NUL. */
const PATH_MAX = 4096;

/** Opens a directory that the caller trusts, through symbolic links; a descriptor or -errno. */
export function openDirectory(path: string): number {
  return openat(-100, toName(path), DIRECTORY);
}

/** Opens for reading a directory that is open only to find it again. */
export function reopenDirectory(fd: number): number {
  return openat(fd, toName('.'), DIRECTORY);
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
  if (sameMount(fd, dirfd)) return fd;
  fileCalls().close(fd);
  return -EXDEV;
}

/** Whether two descriptors belong to one mount, as far as that can be told without openat2(2). */
export function sameMount(one: number, other: number): boolean {
  const mount = mountOf(one);
  return mount !== undefined && mount === mountOf(other);
}

/** The id of the mount that a descriptor belongs to (proc(5), Linux 3.15). */
export function mountOf(fd: number): string | undefined {
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
 * what is in it. With `refuse` it is `EXDEV` when that is mounted.
 */
export function openDirectoryBeneath(
  dirfd: number,
  name: string,
  mounts: 'enter' | 'refuse',
): number {
  const flags = LOOK | constants.O_DIRECTORY;
  if (mounts === 'enter') return openNameBeneath(dirfd, name, flags, 0);
  const resolve = RESOLVE_NO_XDEV | RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const fd = openat2(dirfd, toName(name), flags, 0, resolve);
  if (!isLacking(fd)) return fd;
  const found = openBeneathByHand(dirfd, name, flags, 0);
  if (found < 0 || sameMount(found, dirfd)) return found;
  fileCalls().close(found);
  return -EXDEV;
}

/** Opens what a path leads to, as {@linkcode openBeneath} does, only to look what it is. */
export function lookBeneath(dirfd: number, path: string): number {
  return openBeneath(dirfd, path, LOOK, 0);
}
