import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Lock, LockEngine, tryLock } from '../../src/mod.ts';
import { untilBlocked } from './kernel-waiters.ts';

/** More than the threads of `node:fs`, which some other lockers wait in. */
const WAITS = 8;

/** Not the engine that holds the locks: one that waits for itself blocks no thread. */
let waiter: LockEngine | undefined;

/**
 * Does something while eight waits are blocked in the kernel, by locks of this process: to a
 * blocked thread it is all one whose lock it waits for.
 */
export async function whileBlocked<T>(path: string, work: () => Promise<T>): Promise<T> {
  const directory = join(dirname(path), 'blocked');
  mkdirSync(directory, { recursive: true });
  const files = Array.from({ length: WAITS }, (_, index) => join(directory, `${index}.ref`));
  for (const file of files) writeFileSync(file, '');
  const held = files.map((file) => tryLock(file)!);
  const engine = waiter ??= new LockEngine({ maxThreads: WAITS });
  const waits = files.map((file) => engine.lock(file));
  await untilBlocked(files);
  try {
    return await work();
  } finally {
    for (const lock of held) lock.release();
    for (const lock of await Promise.all<Lock>(waits)) lock.release();
  }
}
