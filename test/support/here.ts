import { isMainThread } from 'node:worker_threads';
import { test } from 'uvu';

/** A test that only the engine's own thread can make, and says so in another one. */
export function testHere(name: string, why: string, body: () => void | Promise<void>): void {
  if (isMainThread) return test(name, body);
  console.log(`skipped: ${name}: ${why}`);
  test.skip(name, body);
}
