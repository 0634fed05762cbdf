// A process of readers.
//
// usage: reading-process FILE READERS
// "read" on stdin lets them loose, and "stop" has them stop; each is answered by a line.

import process from 'node:process';
import { createInterface } from 'node:readline';
import { LockEngine } from '../../src/mod.ts';
import { type Readers, startReaders } from './reading.ts';

const [path, count] = process.argv.slice(2);
const engine = new LockEngine();
let readers: Readers | undefined;

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'read') {
    readers = startReaders(Number(count), async () => {
      const lock = await engine.lock(path!, { mode: 'shared' });
      return () => lock.release();
    });
  } else {
    await readers?.stop();
  }
  console.log('done');
}
