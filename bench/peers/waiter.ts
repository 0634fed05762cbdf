// The same program as bench/c/waiter.c, for machines without a C compiler.

import { closeSync, openSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { waitSetLock } from '../../src/linux/record-lock.ts';
import { monotonic } from '../clock.ts';

const path = process.argv[2]!;

for await (const line of createInterface({ input: process.stdin })) {
  const fd = openSync(path, 'r+');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(line) / 1000);
  const keptBefore = keptFromRunning();
  const asked = monotonic();
  const errno = waitSetLock(fd, 'exclusive', 0, 0);
  const granted = monotonic();
  if (errno !== 0) throw new Error(`Cannot lock "${path}": errno ${errno}`);
  closeSync(fd);
  console.log(`${asked} ${granted} ${keptFromRunning() - keptBefore}`);
}

/** For how many nanoseconds this thread could have run, and had no processor to run on. */
function keptFromRunning(): bigint {
  try {
    return BigInt(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]!);
  } catch {
    // The kernel keeps no such account.
    return 0n;
  }
}
