/** Telling when files are closed: inotify(7). */

import { constants } from 'node:fs';
import { EINTR } from './errno.ts';
import { loadLibc } from './load-libc.ts';
import { O_CLOEXEC } from './open-flags.ts';

const IN_CLOSE = 0x8 | 0x10;
const IN_Q_OVERFLOW = 0x4000;
/** Bytes of struct inotify_event; events of watches that are not on directories have no name. */
const EVENT = 16;
/** Events that are read at a time. */
const BATCH = 256;
const POLLIN = 1;

/** All give what the system call gave; on -1 the cause is in `errno()`, until the next call. */
interface InotifyCalls {
  readonly inotify_init1: (flags: number) => number;
  readonly inotify_add_watch: (fd: number, path: string, mask: number) => number;
  readonly inotify_rm_watch: (fd: number, watch: number) => number;
  readonly read: (fd: number, bytes: Uint8Array, size: number) => number;
  readonly poll: (fds: Uint8Array, count: number, timeout: number) => number;
  readonly errno: () => number;
}

let bound: InotifyCalls | undefined;

function calls(): InotifyCalls {
  return bound ??= bind();
}

function bind(): InotifyCalls {
  const { koffi, lib } = loadLibc();
  return {
    inotify_init1: lib.func('inotify_init1', 'int', ['int']),
    inotify_add_watch: lib.func('inotify_add_watch', 'int', ['int', 'str', 'uint32_t']),
    inotify_rm_watch: lib.func('inotify_rm_watch', 'int', ['int', 'int']),
    read: lib.func('read', 'intptr_t', ['int', 'void *', 'size_t']),
    poll: lib.func('poll', 'int', ['void *', 'unsigned long', 'int']),
    errno: koffi.errno,
  };
}

/** Gives a descriptor that watches files, or -1: there may be no more instances for this user. */
export function newInotify(): number {
  return calls().inotify_init1(O_CLOEXEC | constants.O_NONBLOCK);
}

/**
 * Watches an open file for being closed, by whomever; gives the watch's number, the same for the
 * same file, or -1: there may be no more watches for this user.
 */
export function watchCloses(inotify: number, fd: number): number {
  return calls().inotify_add_watch(inotify, `/proc/self/fd/${fd}`, IN_CLOSE);
}

/** Ends a watch, which is an event as well. */
export function unwatch(inotify: number, watch: number): void {
  calls().inotify_rm_watch(inotify, watch);
}

const batch = new Int32Array(BATCH * EVENT / 4);
const batchBytes = new Uint8Array(batch.buffer);

/**
 * Reads some of the events, without waiting for any, and gives the numbers of their watches, a
 * watch that has ended among them; `lost` when there were too many for the kernel to keep.
 */
export function readCloses(inotify: number): number[] | 'lost' {
  const size = calls().read(inotify, batchBytes, batchBytes.length);
  const watches: number[] = [];
  for (let word = 0; word < size / 4; word += EVENT / 4) {
    if (batch[word + 1] === IN_Q_OVERFLOW) return 'lost';
    watches.push(batch[word]!);
  }
  return watches;
}

/** Blocks the calling thread until there are events to read. */
export function waitForEvents(inotify: number): void {
  // struct pollfd: int fd, short events, short revents.
  const fds = new Int32Array([inotify, 0]);
  const bytes = new Uint8Array(fds.buffer);
  new Int16Array(fds.buffer)[2] = POLLIN;
  while (calls().poll(bytes, 1, -1) === -1 && calls().errno() === EINTR);
}
