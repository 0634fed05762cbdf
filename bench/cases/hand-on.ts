import { closeSync, openSync } from 'node:fs';
import type { LockEngine } from '../../src/mod.ts';
import type { Packages } from '../peers/package.ts';
import { untilBlocked } from './kernel-waiters.ts';

/** Waits for one file in this process, by the means of one of those that are compared. */
export interface Locker {
  take(path: string): Promise<{ release(): void }>;
  /** Resolves when so many wait for the file. */
  outstanding(path: string, waits: number): Promise<void>;
}

/** An engine, which has them wait in its line. */
export function reflock(engine: LockEngine): Locker {
  return { take: (path) => engine.lock(path), outstanding: () => Promise.resolve() };
}

/** The addon, which has each wait in a thread. */
export function fsNativeExtensions(addon: Packages['fs-native-extensions']): Locker {
  return {
    take: async (path) => {
      const fd = openSync(path, 'r+');
      await addon.waitForLock(fd);
      return { release: () => closeSync(fd) };
    },
    outstanding: (path, waits) => untilBlocked([path], waits),
  };
}

/**
 * Has so many wait for one file that is locked, releases it, and has each hand it on to the next.
 * `holding` is called with the number of the waiter in the order of asking as soon as it has the
 * lock; the lock is released when it returns, or when its promise resolves.
 */
export async function handOn(
  { take, outstanding }: Locker,
  path: string,
  waits: number,
  holding: (index: number) => void | Promise<void>,
): Promise<void> {
  const first = await take(path);
  const all = Array.from({ length: waits }, async (_, index) => {
    const lock = await take(path);
    const held = holding(index);
    // To wait for nothing would take a turn of the microtasks.
    if (held !== undefined) await held;
    lock.release();
  });
  await outstanding(path, waits);
  first.release();
  await Promise.all(all);
}
