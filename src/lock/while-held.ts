import type { Lock } from './lock.ts';

/** Runs a function, and releases the lock however that ends. */
export async function whileHeld<T>(
  lock: Lock,
  fn: (lock: Lock) => T | PromiseLike<T>,
): Promise<T> {
  try {
    return await fn(lock);
  } finally {
    lock.release();
  }
}
