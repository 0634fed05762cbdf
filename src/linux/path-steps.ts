/** The single steps by which a path is followed, each from an open directory; a descriptor or -errno. */

import { constants } from 'node:fs';
import { EXDEV } from './errno.ts';
import { fileCalls, type Name, toName } from './file-calls.ts';
import { sameMount } from './directory.ts';
import { O_CLOEXEC, O_PATH } from './open-flags.ts';
import {
  isLacking,
  openat,
  openat2,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from './openat.ts';
import { AT_FDCWD } from './open.ts';

const { O_DIRECTORY, O_NOFOLLOW } = constants;
/** To find it again and to look for what is in it, which needs no right to read it. */
const FIND = O_CLOEXEC | O_PATH;
const UP = toName('..');
const NONE = toName('');

/** The longest text of a symbolic link, with its NUL. */
const PATH_MAX = 4096;
/** `f_type` of /proc (statfs(2)). */
const PROC_SUPER_MAGIC = 0x9fa0;

/** Opens a directory by a path in which nothing is a symbolic link; `ELOOP` if something is. */
export function openWithoutLinks(path: string): number {
  return openat2(AT_FDCWD, toName(path), FIND | O_DIRECTORY, 0, RESOLVE_NO_SYMLINKS);
}

/** Opens where a path starts: the root directory, or the current one. */
export function openStart(path: string): number {
  return openat(AT_FDCWD, toName(path.startsWith('/') ? '/' : '.'), FIND | O_DIRECTORY);
}

/** Opens a directory by its name: `ENOTDIR` for a symbolic link, as for any file. */
export function openStep(dirfd: number, name: Name): number {
  return openat(dirfd, name, FIND | O_DIRECTORY | O_NOFOLLOW);
}

/** Opens whatever is at a name, a symbolic link itself. */
export function openItself(dirfd: number, name: Name): number {
  return openat(dirfd, name, FIND | O_NOFOLLOW);
}

/** Opens the directory in which a directory lies. */
export function openUp(dirfd: number): number {
  return openat(dirfd, UP, FIND | O_DIRECTORY);
}

/** The same, but `EXDEV` when the directory is the top of a mount. */
export function openUpWithinMount(dirfd: number): number {
  const fd = openat2(dirfd, UP, FIND | O_DIRECTORY, 0, RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS);
  if (!isLacking(fd)) return fd;
  const up = openUp(dirfd);
  if (up < 0 || sameMount(up, dirfd)) return up;
  fileCalls().close(up);
  return -EXDEV;
}

/** Where a link of /proc leads, of which the text is no path but a description (proc(5)). */
export function openThrough(dirfd: number, name: Name): number {
  return openat(dirfd, name, FIND | O_DIRECTORY);
}

/** The text of an open symbolic link, without a NUL; `undefined` when it cannot be read. */
export function linkText(fd: number): Uint8Array | undefined {
  const bytes = new Uint8Array(PATH_MAX);
  const size = fileCalls().readlinkat(fd, NONE, bytes, PATH_MAX);
  return size === -1 ? undefined : bytes.subarray(0, size);
}

/** Whether an open file belongs to /proc. */
export function isOnProc(fd: number): boolean {
  // struct statfs, which begins with f_type: 64 bits wide, or 32 on s390x.
  const status = new Int32Array(64);
  const known = fileCalls().fstatfs(fd, new Uint8Array(status.buffer)) !== -1;
  return known && (status[0] === PROC_SUPER_MAGIC || status[1] === PROC_SUPER_MAGIC);
}
