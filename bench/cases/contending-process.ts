// One of several processes that want one lock over and over, through an engine.
//
// usage: contending-process FILE
// For each number N on stdin: takes and releases the lock N times, and answers with a line.

import process from 'node:process';
import { createInterface } from 'node:readline';
import { LockEngine } from '../../src/mod.ts';

const path = process.argv[2]!;
const engine = new LockEngine();

for await (const line of createInterface({ input: process.stdin })) {
  for (let left = Number(line); left > 0; left--) (await engine.lock(path)).release();
  console.log('done');
}
