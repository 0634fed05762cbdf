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
