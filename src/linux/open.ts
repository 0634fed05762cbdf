/** Opening and closing descriptors. */

import { constants } from 'node:fs';
import { textOf } from './byte-text.ts';
import { createFile } from './create-lock-file.ts';
import { openBeneath } from './directory.ts';
import { EINTR } from './errno.ts';
import { libc } from './libc.ts';
import { O_CLOEXEC, O_PATH } from './open-flags.ts';
import { uninterrupted } from './uninterrupted.ts';

/** "The current directory" where a directory fd is expected (openat(2)). */
export const AT_FDCWD = -100;

/** How a lock file is opened: never a controlling terminal, never a wait for a FIFO's far end. */
const LOCK_FILE = O_CLOEXEC | constants.O_NOCTTY | constants.O_NONBLOCK;

/** What a lock file is opened for; to `look` is not to open it, and to close that ends no lock. */
export type Access = 'read' | 'write' | 'look';

const flags: Record<Access, number> = {
  read: LOCK_FILE | constants.O_RDONLY,
  write: LOCK_FILE | constants.O_RDWR,
  look: O_CLOEXEC | O_PATH,
};

/** Opens a lock file that exists; gives -1 on failure. */
export function openLockFile(dirfd: number, path: string, access: Access): number {
  const calls = libc();
  const fd = calls.openat(dirfd, path, flags[access], 0);
  // A lock that is free takes a few microseconds, of which a function made for each would be a part.
  if (fd !== -1 || calls.errno() !== EINTR) return fd;
  return uninterrupted(calls, () => calls.openat(dirfd, path, flags[access], 0));
}

/** The same, following a symbolic link only below its own directory; a descriptor or -errno. */
export function openLockFileBeneath(dirfd: number, path: string, access: Access): number {
  return openBeneath(dirfd, path, flags[access], 0);
}

/** Makes a lock file that does not exist, as {@linkcode createFile} does; a descriptor or -errno. */
export function createLockFile(dirfd: number, path: string, beneath: boolean): number {
  return createFile(dirfd, path, flags.write, beneath);
}

/**
 * Gives a descriptor that stays at the directory which `dirfd` names now, for a relative path
 * that must mean the same later; gives -1 on failure.
 */
export function pinDirectory(dirfd: number): number {
  return libc().openat(dirfd, '.', O_CLOEXEC | O_PATH | constants.O_DIRECTORY, 0);
}

/** Closes a descriptor. Linux frees the number whatever the result, so there is nothing to retry. */
export function closeFd(fd: number): void {
  libc().close(fd);
}

/** Gives a descriptor that is good for nothing but {@linkcode hollowOut}; -1 on failure. */
export function openNothing(): number {
  return libc().openat(AT_FDCWD, '/', O_CLOEXEC | O_PATH, 0);
}

/**
 * Closes what a descriptor stands for and keeps its number taken, so that somebody who has yet to
 * hear of it can close it later without closing another file that got the same number. Gives -1 on
 * failure.
 */
export function hollowOut(fd: number, nothing: number): number {
  return libc().dup3(nothing, fd, O_CLOEXEC);
}

/** Gives another number for the same open file, close-on-exec; -1 on failure. */
export function duplicate(fd: number): number {
  return libc().fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

const F_DUPFD_CLOEXEC = 1030;
const F_SETFD = 2;
const F_GETFL = 3;
const FD_CLOEXEC = 1;
const O_ACCMODE = 3;

/** Keeps programs that are started later from inheriting the descriptor; gives -1 on failure. */
export function closeOnExec(fd: number): number {
  return libc().fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/** Tells whether the descriptor was opened for writing too. */
export function isWritable(fd: number): boolean {
  return (libc().fcntl(fd, F_GETFL, 0) & O_ACCMODE) === constants.O_RDWR;
}

/** Gives the path of an open file as the kernel shows it, or `undefined` if it is not open. */
export function pathOf(fd: number): string | undefined {
  // Not by `node:fs`: Deno lets only programs with all permissions look below /proc/self/fd.
  const bytes = new Uint8Array(4096);
  const length = libc().readlink(`/proc/self/fd/${fd}`, bytes, bytes.length);
  return length === -1 ? undefined : textOf(bytes.subarray(0, length));
}
