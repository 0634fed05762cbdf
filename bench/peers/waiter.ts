// The same program as bench/c/waiter.c, for machines without a C compiler.

import { closeSync, openSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { waitSetLock } from '../../src/linux/record-lock.ts';
import { monotonic } from '../clock.ts';

const path = process.argv[2]!;

for await (const line of createInterface({ input: process.stdin })) {
  const fd = openSync(path, 'r+');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(line) / 1000);
  const asked = monotonic();
  const errno = waitSetLock(fd, 'exclusive', 0, 0);
  const granted = monotonic();
  if (errno !== 0) throw new Error(`Cannot lock "${path}": errno ${errno}`);
  closeSync(fd);
  console.log(`${asked} ${granted}`);
}
