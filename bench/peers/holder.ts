// The same program as bench/c/holder.c, for machines without a C compiler.

import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { trySetLock } from '../../src/linux/record-lock.ts';
import { monotonic } from '../clock.ts';

const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
const flock = koffi.load(null).func('flock', 'int', ['int', 'int']);
const LOCK_EX = 2;
const path = process.argv[2]!;
const nothing = new Int32Array(new SharedArrayBuffer(4));
const sleep = (ms: number): void => void Atomics.wait(nothing, 0, 0, ms);
let fd = -1;

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'hold') {
    fd = openSync(path, 'r+');
    while (trySetLock(fd, 'exclusive', 0, 0) !== 0) sleep(0.1);
    if (flock(fd, LOCK_EX) !== 0) throw new Error(`Cannot lock "${path}" by flock()`);
    console.log('held');
  } else {
    console.log(`${release()}`);
  }
}

function release(): bigint {
  // 1: -> OFDLCK ADVISORY  WRITE -1 fe:00:1234 0 EOF
  const waiter = new RegExp(`^\\d+: +-> .*:${fstatSync(fd).ino} `, 'm');
  for (let tries = 0; !waiter.test(readFileSync('/proc/locks', 'utf8')); tries++) {
    if (tries === 100_000) throw new Error('nobody waits for the lock');
    sleep(0.1);
  }
  sleep(0.3 + Math.random());
  const released = monotonic();
  closeSync(fd);
  sleep(2);
  return released;
}
