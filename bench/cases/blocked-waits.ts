import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Lock, lock, tryLock } from '../../src/mod.ts';

/** As many as there are threads by default. */
const WAITS = 8;

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
  const waits = files.map((file) => lock(file));
  const inodes = new Set(files.map((file) => statSync(file).ino));
  while (blockedOn(inodes) < WAITS) await new Promise((resolve) => setTimeout(resolve, 2));
  try {
    return await work();
  } finally {
    for (const lock of held) lock.release();
    for (const lock of await Promise.all<Lock>(waits)) lock.release();
  }
}

/** How many waiters the kernel has for these files: lines such as `1: -> OFDLCK … fe:00:123 0 EOF`. */
function blockedOn(inodes: ReadonlySet<number>): number {
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes('->') && inodes.has(Number(line.match(/:(\d+) \d+ /)?.[1])))
    .length;
}
