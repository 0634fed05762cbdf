import { createRequire } from 'node:module';

const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
const clockGettime = koffi.load(null).func('clock_gettime', 'int', ['int', 'void *']);
const CLOCK_MONOTONIC = 1;
const CLOCK_PROCESS_CPUTIME_ID = 2;
// struct timespec: seconds and nanoseconds, 64 bits each.
const timespec = new BigInt64Array(2);

/**
 * Nanoseconds of `CLOCK_MONOTONIC`, comparable with what another process has read.
 *
 * `process.hrtime` will not do: on Node it is this clock, but Deno and Bun count from the start
 * of the process.
 */
export function monotonic(): bigint {
  return read(CLOCK_MONOTONIC);
}

/** Nanoseconds for which the processors have worked for this process, in all its threads. */
export function processorTime(): bigint {
  return read(CLOCK_PROCESS_CPUTIME_ID);
}

function read(clock: number): bigint {
  clockGettime(clock, timespec);
  return timespec[0]! * 1_000_000_000n + timespec[1]!;
}
