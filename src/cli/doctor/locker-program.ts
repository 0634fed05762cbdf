/** The program of a {@linkcode Locker}: does what its stdin says, and ends when that ends. */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type Lock, spawnLocked, tryLock } from '../../mod.ts';
import { print } from '../print.ts';
import type { Answer, Order } from './locker.ts';

let locks: Lock[] = [];
let heir: ChildProcess | undefined;

const input = createInterface({ input: process.stdin });
// Also when the doctor is killed. The heir reads a pipe from here, and so ends as well.
input.once('close', () => process.exit());
input.on('line', async (line) => {
  const answer = await obey(JSON.parse(line) as Order)
    .catch((error: Error): Answer => ({ error: error.message }));
  print([JSON.stringify(answer)]);
});

async function obey(order: Order): Promise<Answer> {
  switch (order.do) {
    case 'try': {
      const lock = tryLock(order.file, { mode: order.mode });
      if (lock !== undefined) locks.push(lock);
      return { granted: lock !== undefined };
    }
    case 'release':
      release();
      return {};
    case 'bequeath':
      heir = spawnLocked(locks, 'cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
      await once(heir, 'spawn').catch(({ message }: Error) => {
        throw new Error(`cannot start "cat", which was to inherit a lock: ${message}`);
      });
      release();
      return {};
    case 'end heir': {
      const ended = once(heir!, 'exit');
      heir!.stdin!.end();
      await ended;
      return {};
    }
  }
}

function release(): void {
  for (const lock of locks) lock.release();
  locks = [];
}
