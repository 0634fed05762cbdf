// The same program as bench/c/many-holder.c, for machines without a C compiler.

import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { waitSetLock } from '../../src/linux/record-lock.ts';
import { monotonic } from '../clock.ts';

const directory = process.argv[2]!;
let held: number[] = [];

for await (const line of createInterface({ input: process.stdin })) {
  if (line.startsWith('hold ')) {
    held = Array.from({ length: Number(line.slice('hold '.length)) }, (_, index) => hold(index));
    console.log('held');
  } else {
    console.log(release());
  }
}

function hold(index: number): number {
  const path = join(directory, `${index}.ref`);
  const fd = openSync(path, 'a+');
  const errno = waitSetLock(fd, 'exclusive', 0, 0);
  if (errno !== 0) throw new Error(`Cannot lock "${path}": errno ${errno}`);
  return fd;
}

function release(): string {
  const began = monotonic();
  for (const fd of held) closeSync(fd);
  const ended = monotonic();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  return `${began} ${ended}`;
}
