/** Which descriptors the next program will have. */

import { O_CLOEXEC, O_RDWR } from './open-flags.ts';
import { processCalls } from './process-calls.ts';

const F_GETFD = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

/** The same number on every architecture (Linux 5.9). */
const CLOSE_RANGE = 436;
/** Not to close, but to mark as close-on-exec (Linux 5.11). */
const CLOSE_RANGE_CLOEXEC = 4;
const LAST_FD = 0x7fff_ffff;
/** Where older kernels make it one call a descriptor. */
const LAST_LIKELY_FD = 65_535;
/** Where duplicates of the standard streams are looked for: low numbers, as shells and Deno use. */
const LAST_DUPLICATE = 1023;

const STATX_SIZE = 256;
const AT_EMPTY_PATH = 0x1000;
const STATX_TYPE = 0x001;
const STATX_INO = 0x100;
// By the type bits of the mode, shifted down: FIFO, character device, socket. The kernel's anonymous
// files, such as a runtime's epoll, have no type, and all of them the same inode.
const WITH_ENDS = new Set([0o01, 0o02, 0o14]);
const noPath = new Uint8Array(1);
const status = new Uint32Array(STATX_SIZE / 4);
// stx_mode, 16 bits wide, at offset 28.
const mode = new Uint16Array(status.buffer, 28, 1);

/**
 * Sees to it that the next program inherits its standard streams and these descriptors, and no
 * other. To be called immediately before it starts.
 */
export function inheritOnly(fds: Iterable<number>): void {
  const calls = processCalls();
  if (calls.syscall(CLOSE_RANGE, 3, LAST_FD, CLOSE_RANGE_CLOEXEC) === -1) {
    for (let fd = 3; fd <= LAST_LIKELY_FD; fd++) calls.fcntl(fd, F_SETFD, FD_CLOEXEC);
  }
  // Node has marked the standard streams too.
  for (const fd of [0, 1, 2, ...fds]) calls.fcntl(fd, F_SETFD, 0);
}

/**
 * Points standard streams at /dev/null, and whatever else is open on the same pipe, socket or
 * device, but for `kept`: whoever reads or writes at their other end can see when the next program
 * has closed them. Deno has duplicates of all three, and a shell may have handed down others.
 */
export function leaveStandardStreams(
  streams: readonly (0 | 1 | 2)[],
  kept: readonly number[],
): void {
  const calls = processCalls();
  const path = new TextEncoder().encode('/dev/null\0');
  const nowhere = calls.open(path, O_RDWR | O_CLOEXEC);
  if (nowhere === -1) return;
  const left = new Set(streams.map(streamBehind));
  left.delete(undefined);
  for (let fd = 3; fd <= LAST_DUPLICATE; fd++) {
    // Most are not open, and that is told soonest.
    if (calls.fcntl(fd, F_GETFD, 0) === -1 || fd === nowhere || kept.includes(fd)) continue;
    if (left.has(streamBehind(fd))) calls.dup3(nowhere, fd, O_CLOEXEC);
  }
  for (const fd of streams) if (!kept.includes(fd)) calls.dup3(nowhere, fd, 0);
  // It takes the place of a stream that was closed.
  if (nowhere > 2) calls.close(nowhere);
}

/** Device and inode of an open pipe, socket or device; nothing else has somebody at another end. */
function streamBehind(fd: number): string | undefined {
  const mask = STATX_TYPE | STATX_INO;
  if (processCalls().statx(fd, noPath, AT_EMPTY_PATH, mask, status) === -1) return undefined;
  if (!WITH_ENDS.has(mode[0]! >> 12)) return undefined;
  return [status[34], status[35], status[8], status[9]].join();
}
