/** The `errno` values that decide what happens next, and the names of all others. */

import { constants } from 'node:os';
import { libc } from './libc.ts';

/** A conflicting lock is held; `EACCES` means the same on some systems (fcntl(2)). */
export const EAGAIN = 11;
export const EACCES = 13;
/** A signal ended the call. */
export const EINTR = 4;
/** No such file. */
export const ENOENT = 2;
/** Not an open descriptor, or one opened for the wrong direction. */
export const EBADF = 9;
/** The kernel does not know the command: no open-file-description locks before Linux 3.15. */
export const EINVAL = 22;
/** The caller may not; from a call that it always may make: a filter of system calls is in force. */
export const EPERM = 1;
/** Something is mounted there, or the device is in use. */
export const EBUSY = 16;
/** There is something of that name already. */
export const EEXIST = 17;
/** The way leads to another filesystem, across a mount, or out of where it must stay. */
export const EXDEV = 18;
/** Not a directory. */
export const ENOTDIR = 20;
/** A directory, where something else was expected. */
export const EISDIR = 21;
/** The system has no room for another open file. */
export const ENFILE = 23;
/** Nor has the process. */
export const EMFILE = 24;
/** Waiting would never end: those who wait, wait for each other. */
export const EDEADLK = 35;
/** The kernel lacks the system call. */
export const ENOSYS = 38;
/** The directory is not empty. */
export const ENOTEMPTY = 39;
/** A symbolic link, where none may be, or too many of them. */
export const ELOOP = 40;
/** The filesystem lacks the operation. */
export const ENOTSUP = 95;
/** The file is no longer where it was. */
export const ESTALE = 116;

let names: Map<number, string> | undefined;

/** Gives the symbolic name, such as `ENOENT`, or `E<number>` for one that has none. */
export function errnoName(errno: number): string {
  // Several names share a number (EAGAIN and EWOULDBLOCK); the first listed is the usual one.
  if (names === undefined) {
    names = new Map();
    for (const [name, value] of Object.entries(constants.errno)) {
      if (!names.has(value)) names.set(value, name);
    }
  }
  return names.get(errno) ?? `E${errno}`;
}

/** Gives libc's own words, beginning with a small letter: "no such file or directory". */
export function errnoText(errno: number): string {
  const text = libc().strerror(errno);
  return text.charAt(0).toLowerCase() + text.slice(1);
}
