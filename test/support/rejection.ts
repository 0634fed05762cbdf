import * as assert from 'uvu/assert';
import type { LockError } from '../../src/mod.ts';

/** Gives what a promise rejects with, and fails if it does not. */
export async function rejection(promise: Promise<unknown>): Promise<LockError> {
  try {
    await promise;
  } catch (error) {
    return error as LockError;
  }
  throw new Error('expected a rejection');
}

/** Sees to it that a call throws, or gives a promise that rejects, with what is expected. */
export async function assertRefused(
  call: () => unknown,
  expected: RegExp | ((error: LockError) => boolean),
): Promise<void> {
  const error = await rejection((async () => await call())());
  if (expected instanceof RegExp) assert.match(error.message, expected);
  else assert.ok(expected(error), String(error));
}
