/** Ending this process when the JavaScript runtime cannot, because it waits for one of its threads. */

import { libc } from './libc.ts';
import { loadLibc } from './load-libc.ts';

// struct sigevent on every 64-bit Linux, of 64 bytes in glibc and musl alike. By the index of a 32-bit
// word: what is handed over, and how to notify; by that of a 64-bit one: the function.
const SIGEVENT = 64;
const VALUE = 0;
const NOTIFY = 3;
const FUNCTION = 2;
const SIGEV_THREAD = 2;
const CLOCK_MONOTONIC = 1;

/**
 * Ends the process with this status in some milliseconds, whatever its threads do then: a timer of
 * libc calls `_exit(2)` in a thread of its own (timer_create(2), `SIGEV_THREAD`). The caller can go on
 * meanwhile. Gives what cancels it; where libc has no such timers, nothing happens.
 */
export function exitLater(status: number, milliseconds: number): () => void {
  const timers = bindTimers();
  const exit = libc().dlsym(0, '_exit');
  const timer = new BigInt64Array(1);
  if (timers === undefined || exit === null) return () => {};
  const event = new ArrayBuffer(SIGEVENT);
  const words = new Int32Array(event);
  words[VALUE] = status;
  words[NOTIFY] = SIGEV_THREAD;
  new BigUint64Array(event)[FUNCTION] = exit;
  if (timers.create(CLOCK_MONOTONIC, new Uint8Array(event), timer) !== 0) return () => {};
  // struct itimerspec: no interval, then seconds and nanoseconds until the end.
  const seconds = Math.floor(milliseconds / 1000);
  const rest = Math.round(1e6 * (milliseconds % 1000));
  timers.set(timer[0]!, 0, BigInt64Array.of(0n, 0n, BigInt(seconds), BigInt(rest)), null);
  return () => void timers.delete(timer[0]!);
}

interface Timers {
  readonly create: (clock: number, event: Uint8Array, timer: BigInt64Array) => number;
  readonly set: (timer: bigint, flags: number, time: BigInt64Array, old: null) => number;
  readonly delete: (timer: bigint) => number;
}

/** Finds the functions, which glibc had in a library of their own before 2.34. */
function bindTimers(): Timers | undefined {
  const { koffi, lib } = loadLibc();
  for (const load of [() => lib, () => koffi.load('librt.so.1')]) {
    try {
      const found = load();
      return {
        create: found.func('timer_create', 'int', ['int', 'void *', 'void *']),
        set: found.func('timer_settime', 'int', ['intptr_t', 'int', 'void *', 'void *']),
        delete: found.func('timer_delete', 'int', ['intptr_t']),
      };
    } catch {
      // Then perhaps in the other one.
    }
  }
  return undefined;
}
