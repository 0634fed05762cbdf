/** openat(2) and openat2(2), which give a descriptor or the negative `errno`. */

import { EAGAIN, ENOSYS, EPERM } from './errno.ts';
import { fileCalls, type Name } from './file-calls.ts';
import { uninterrupted } from './uninterrupted.ts';

/** Resolve flags of openat2(2). */
export const RESOLVE_NO_XDEV = 0x01;
export const RESOLVE_NO_MAGICLINKS = 0x02;
export const RESOLVE_NO_SYMLINKS = 0x04;
export const RESOLVE_BENEATH = 0x08;

/** How often a way is followed anew that somebody has changed meanwhile. */
const ATTEMPTS = 8;

// struct open_how: three u64, flags, mode, resolve.
const how = new BigUint64Array(3);
const howBytes = new Uint8Array(how.buffer);

/** Opens a name below a directory; `mode` counts only for a file that is made. */
export function openat(dirfd: number, name: Name, flags: number, mode = 0): number {
  const calls = fileCalls();
  const fd = uninterrupted(calls, () => calls.openat(dirfd, name, flags, mode));
  return fd === -1 ? -calls.errno() : fd;
}

/**
 * The same with rules for the way. With `RESOLVE_BENEATH` the kernel answers `EAGAIN` when a directory was
 * moved while a `..` led out of it (openat2(2)). A lease on the file is `EAGAIN` as well, and lasts longer
 * (open(2), `O_NONBLOCK`).
 */
export function openat2(
  dirfd: number,
  name: Name,
  flags: number,
  mode: number,
  resolve: number,
): number {
  const calls = fileCalls();
  for (let attempt = 1;; attempt++) {
    how[0] = BigInt(flags);
    how[1] = BigInt(mode);
    how[2] = BigInt(resolve);
    const fd = uninterrupted(calls, () => calls.openat2(dirfd, name, howBytes));
    if (fd !== -1) return fd;
    const errno = calls.errno();
    if (errno !== EAGAIN || attempt === ATTEMPTS) return -errno;
  }
}

/** Whether openat2(2) is missing: a kernel before 5.6, or a filter that does not know it. */
export function isLacking(result: number): boolean {
  return result === -ENOSYS || result === -EPERM;
}
