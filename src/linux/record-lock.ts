/**
 * Record locks (fcntl(2)), of both kinds, which conflict properly with each other and do not
 * interact with flock(2).
 *
 * Those of `F_OFD_SETLK` and its kin (Linux 3.15) belong to the open file description: they are
 * inherited across fork and exec, conflict within one process like between two, and end when the
 * last duplicate of the descriptor closes. Those of `F_SETLK` belong to the process: none of that
 * is so, and all of them on a file end when the process closes any descriptor of it.
 */

import type { Address, Libc } from './calls.ts';
import { EINTR, EMFILE, ENFILE } from './errno.ts';
import { libc } from './libc.ts';

const F_GETLK = 5;

/** The commands to try and to wait, by the kind of lock. */
const commands = {
  ofd: { try: 37, wait: 38 },
  process: { try: 6, wait: 7 },
} as const;

/** To whom the kernel counts a lock. */
export type RecordLockKind = keyof typeof commands;

/** How often a try that came to nothing is made, before something else than bad luck is at work. */
const ATTEMPTS = 1000;

const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;

/** What a lock call sets on the range. */
export type RecordLock = 'shared' | 'exclusive' | 'none';

const types: Record<RecordLock, number> = {
  shared: F_RDLCK,
  exclusive: F_WRLCK,
  none: F_UNLCK,
};

// struct flock on every 64-bit Linux: short l_type, short l_whence, 4 bytes of padding,
// int64 l_start, int64 l_len, int32 l_pid. l_whence stays SEEK_SET and l_pid 0, which the OFD
// commands demand. One buffer a thread is enough: the kernel has copied it when it starts to wait.
const flock = new ArrayBuffer(32);
const header = new Int16Array(flock, 0, 2);
const extent = new BigInt64Array(flock, 8, 2);
const flock32 = new Int32Array(flock);
let address: Address = 0;
let wholeFile = true;

/** Fills in the structure and gives its address. */
function fill(calls: Libc, lock: RecordLock, start: number, length: number): Address {
  header[0] = types[lock];
  if (start === 0 && length === 0) {
    if (!wholeFile) extent.fill(0n);
    wholeFile = true;
  } else {
    extent[0] = BigInt(start);
    extent[1] = BigInt(length);
    wholeFile = false;
  }
  return address ||= calls.address(flock);
}

/** Sets the lock if nobody is in the way. Gives 0, or `errno`: `EAGAIN` or `EACCES` when busy. */
export function trySetLock(
  fd: number,
  lock: RecordLock,
  start: number,
  length: number,
  kind: RecordLockKind = 'ofd',
): number {
  const calls = libc();
  const argument = fill(calls, lock, start, length);
  for (let failures = 0;;) {
    if (calls.fcntl(fd, commands[kind].try, argument) !== -1) return 0;
    const errno = calls.errno();
    // Over a network a signal may interrupt this one too. And the call opens nothing, but Bun's
    // garbage collector does, perhaps before one could ask.
    const again = errno === EINTR || errno === EMFILE || errno === ENFILE;
    if (!again || ++failures === ATTEMPTS) return errno;
  }
}

/** Tells whether somebody is in the way of a process-associated lock who is not of this process. */
export function isLockedByOthers(
  fd: number,
  lock: RecordLock,
  start: number,
  length: number,
): boolean {
  const calls = libc();
  const answer = calls.fcntl(fd, F_GETLK, fill(calls, lock, start, length));
  const locked = answer !== -1 && header[0] !== F_UNLCK;
  // The kernel has written over it.
  flock32.fill(0);
  wholeFile = true;
  return locked;
}

/**
 * Sets the lock, blocking the calling thread as long as somebody is in the way. Gives 0, or
 * `errno`: `EINTR` when a signal whose handler does not restart calls has ended the wait.
 */
export function waitSetLock(
  fd: number,
  lock: RecordLock,
  start: number,
  length: number,
  kind: RecordLockKind = 'ofd',
): number {
  const calls = libc();
  const argument = fill(calls, lock, start, length);
  return calls.fcntlWait(fd, commands[kind].wait, argument) === -1 ? calls.errno() : 0;
}
