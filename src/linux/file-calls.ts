/**
 * The calls of libc by which whole trees are copied and deleted. They are bound apart from those
 * for locks, because most threads need only one of the two.
 */

import { bytesOf } from './byte-text.ts';
import { loadLibc, unavailable } from './load-libc.ts';

/**
 * A name as the kernel has it: bytes that end with a NUL, in a buffer or at an address. Names need
 * not be UTF-8, so a name that was listed is never turned into a string on its way back.
 */
export type Name = number | Uint8Array;

/** Bytes to fill or to read, in a buffer or at an address. */
export type Memory = number | Uint8Array;

/** All give what the system call gave; on -1 the cause is in `errno()`, until the next call. */
export interface FileCalls {
  readonly openat: (dirfd: number, name: Name, flags: number, mode: number) => number;
  readonly close: (fd: number) => number;
  readonly linkat: (from: number, old: Name, to: number, name: Name, flags: number) => number;
  readonly symlinkat: (target: Name, dirfd: number, name: Name) => number;
  readonly readlinkat: (dirfd: number, name: Name, result: Memory, size: number) => number;
  readonly mkdirat: (dirfd: number, name: Name, mode: number) => number;
  readonly renameat: (from: number, old: Name, to: number, name: Name) => number;
  /** `flags` is `RENAME_NOREPLACE` or 0 (renameat2(2), Linux 3.15). */
  readonly renameat2: (from: number, old: Name, to: number, name: Name, flags: number) => number;
  readonly unlinkat: (dirfd: number, name: Name, flags: number) => number;
  readonly fchmod: (fd: number, mode: number) => number;
  readonly fchown: (fd: number, uid: number, gid: number) => number;
  readonly fchownat: (d: number, name: Name, uid: number, gid: number, flags: number) => number;
  /** `times` is two `struct timespec`, here and below. */
  readonly futimens: (fd: number, times: Memory) => number;
  readonly utimensat: (dirfd: number, name: Name, times: Memory, flags: number) => number;
  readonly statx: (d: number, name: Name, flags: number, mask: number, out: Memory) => number;
  readonly flistxattr: (fd: number, list: Memory, size: number) => number;
  readonly fgetxattr: (fd: number, name: Name, value: Memory, size: number) => number;
  readonly fsetxattr: (
    fd: number,
    name: Name,
    value: Memory,
    size: number,
    flags: number,
  ) => number;
  readonly fstatfs: (fd: number, out: Memory) => number;
  readonly faccessat: (dirfd: number, name: Name, mode: number, flags: number) => number;
  /** Who the caller is, as the kernel checks it (credentials(7)). */
  readonly geteuid: () => number;
  readonly fremovexattr: (fd: number, name: Name) => number;
  /** `out` is a `struct statvfs`, of eleven longs and more. */
  readonly fstatvfs: (fd: number, out: Memory) => number;
  readonly ioctl: (fd: number, request: number, argument: number) => number;
  readonly read: (fd: number, bytes: Memory, size: number) => number;
  readonly write: (fd: number, bytes: Memory, size: number) => number;
  readonly lseek: (fd: number, offset: number, whence: number) => number;
  readonly getdents64: (fd: number, bytes: Memory, size: number) => number;
  /** `how` is a `struct open_how` of 24 bytes (openat2(2), Linux 5.6). */
  readonly openat2: (dirfd: number, name: Name, how: Memory) => number;
  /** From offset to offset; both go on by what was copied. */
  readonly copyFileRange: (from: number, to: number, size: number) => number;
  /** Where the bytes of a buffer lie; they stay there as long as the buffer is referred to. */
  readonly address: (buffer: ArrayBuffer) => number;
  readonly errno: () => number;
}

// [getdents64, copy_file_range, renameat2] by `process.arch`; "generic" is the table of all newer
// architectures. glibc has wrappers of its own for them only since 2.30, 2.27 and 2.28, and none for
// openat2, which has one number everywhere.
const numbers: Record<string, readonly [number, number, number]> = {
  x64: [217, 326, 316],
  ppc64: [202, 379, 357],
  s390x: [220, 375, 347],
  generic: [61, 285, 276],
};
const [GETDENTS64, COPY_FILE_RANGE, RENAMEAT2] = numbers[process.arch] ?? numbers.generic!;
const OPENAT2 = 437;
const OPEN_HOW_SIZE = 24;

let bound: FileCalls | undefined;

let ledger: Int32Array<SharedArrayBuffer> | undefined;

/** A ledger knows so many descriptors, a bit each; none that is beyond. */
const LEDGER = 65_536;

/** Makes the memory in which a thread notes which descriptors it has open. */
export function newLedger(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(LEDGER / 8));
}

/**
 * Has this thread note from now on what it opens by these calls and closes again, or no longer.
 * Descriptors are the process's, so they outlive a thread that is terminated.
 */
export function keepLedger(words: Int32Array<SharedArrayBuffer> | undefined): void {
  ledger = words;
}

/**
 * Closes what a thread has left open that is gone, or goes: whoever clears a bit is the one to close. Only what
 * its very last call has opened is known to nobody.
 */
export function closeLeft(words: Int32Array<SharedArrayBuffer>): void {
  for (let index = 0; index < words.length; index++) {
    for (let bits = Atomics.exchange(words, index, 0); bits !== 0; bits &= bits - 1) {
      fileCalls().close(32 * index + 31 - Math.clz32(bits & -bits));
    }
  }
}

function opened(fd: number): number {
  if (ledger !== undefined && fd !== -1 && fd < LEDGER) Atomics.or(ledger, fd >>> 5, 1 << fd);
  return fd;
}

/** Whether a descriptor is this thread's to close. */
function isOurs(fd: number): boolean {
  if (ledger === undefined || fd >= LEDGER) return true;
  return (Atomics.and(ledger, fd >>> 5, ~(1 << fd)) & (1 << fd)) !== 0;
}

/**
 * Gives these calls, binding them on the first use.
 *
 * @throws {LibcUnavailable} where libc cannot be used.
 */
export function fileCalls(): FileCalls {
  return bound ??= bind();
}

function bind(): FileCalls {
  const { koffi, lib } = loadLibc();
  try {
    const entries = lib.func('syscall', 'intptr_t', ['intptr_t', 'int', 'void *', 'size_t']);
    const open = lib.func(
      'syscall',
      'intptr_t',
      ['intptr_t', 'int', 'void *', 'void *', 'size_t'],
    );
    const rename = lib.func(
      'syscall',
      'intptr_t',
      ['intptr_t', 'int', 'void *', 'int', 'void *', 'uint32_t'],
    );
    const range = lib.func(
      'syscall',
      'intptr_t',
      ['intptr_t', 'int', 'intptr_t', 'int', 'intptr_t', 'size_t', 'uint32_t'],
    );
    const openat = lib.func('openat', 'int', ['int', 'void *', 'int', 'uint32_t']);
    const close = lib.func('close', 'int', ['int']);
    return {
      openat: (dirfd, name, flags, mode) => opened(openat(dirfd, name, flags, mode)),
      close: (fd) => isOurs(fd) ? close(fd) : 0,
      linkat: lib.func('linkat', 'int', ['int', 'void *', 'int', 'void *', 'int']),
      symlinkat: lib.func('symlinkat', 'int', ['void *', 'int', 'void *']),
      readlinkat: lib.func('readlinkat', 'intptr_t', ['int', 'void *', 'void *', 'size_t']),
      mkdirat: lib.func('mkdirat', 'int', ['int', 'void *', 'uint32_t']),
      renameat: lib.func('renameat', 'int', ['int', 'void *', 'int', 'void *']),
      renameat2: (from, old, to, name, flags) => rename(RENAMEAT2, from, old, to, name, flags),
      unlinkat: lib.func('unlinkat', 'int', ['int', 'void *', 'int']),
      fchmod: lib.func('fchmod', 'int', ['int', 'uint32_t']),
      fchown: lib.func('fchown', 'int', ['int', 'uint32_t', 'uint32_t']),
      fchownat: lib.func('fchownat', 'int', ['int', 'void *', 'uint32_t', 'uint32_t', 'int']),
      futimens: lib.func('futimens', 'int', ['int', 'void *']),
      utimensat: lib.func('utimensat', 'int', ['int', 'void *', 'void *', 'int']),
      statx: lib.func('statx', 'int', ['int', 'void *', 'int', 'uint32_t', 'void *']),
      flistxattr: lib.func('flistxattr', 'intptr_t', ['int', 'void *', 'size_t']),
      fgetxattr: lib.func('fgetxattr', 'intptr_t', ['int', 'void *', 'void *', 'size_t']),
      fsetxattr: lib.func('fsetxattr', 'int', ['int', 'void *', 'void *', 'size_t', 'int']),
      fstatfs: lib.func('fstatfs', 'int', ['int', 'void *']),
      faccessat: lib.func('faccessat', 'int', ['int', 'void *', 'int', 'int']),
      geteuid: lib.func('geteuid', 'uint32_t', []),
      fremovexattr: lib.func('fremovexattr', 'int', ['int', 'void *']),
      fstatvfs: lib.func('fstatvfs', 'int', ['int', 'void *']),
      ioctl: lib.func('ioctl', 'int', ['int', 'uintptr_t', 'intptr_t']),
      read: lib.func('read', 'intptr_t', ['int', 'void *', 'size_t']),
      write: lib.func('write', 'intptr_t', ['int', 'void *', 'size_t']),
      lseek: lib.func('lseek', 'int64_t', ['int', 'int64_t', 'int']),
      getdents64: (fd, bytes, size) => entries(GETDENTS64, fd, bytes, size),
      openat2: (dirfd, name, how) => opened(open(OPENAT2, dirfd, name, how, OPEN_HOW_SIZE)),
      copyFileRange: (from, to, size) => range(COPY_FILE_RANGE, from, 0, to, 0, size, 0),
      address: (buffer) => Number(koffi.address(buffer)),
      errno: koffi.errno,
    };
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** Gives a text as a name, of which the kernel reads what is before the first NUL. */
export function toName(text: string): Uint8Array {
  return bytesOf(`${text}\0`);
}
