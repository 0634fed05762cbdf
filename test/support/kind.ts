import { test } from 'uvu';
import { type LockKind, tryLock } from '../../src/mod.ts';
import { newFile } from './temp.ts';

/** The kind of lock that is to be had here when none is asked for. */
export const kind: LockKind = kindHere();

function kindHere(): LockKind {
  using lock = tryLock(newFile());
  return lock!.kind;
}

/** A test that is about open-file-description locks, and says so where there are none. */
export function testOfd(name: string, body: () => void | Promise<void>): void {
  if (kind === 'ofd') return test(name, body);
  console.log(`skipped: ${name} is about open-file-description locks`);
  test.skip(name, body);
}
