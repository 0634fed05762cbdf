/**
 * Evidence of who is in a runtime, independent of its locks: an empty file for each holder, there
 * only while the lock is held. A holder puts down its own before it looks for those of others, so of
 * two who are in at once at least the later one sees the other.
 */

import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

let count = 0;

/** Tells who is in something, of those who are in with that mode. */
export function whoIsIn(witness: string, what: string, mode: 'shared' | 'exclusive'): string[] {
  return readdirSync(witness).filter((name) => name.startsWith(`${what} ${mode} `));
}

/** Puts down a marker; gives what takes it away again. */
export function enter(witness: string, what: string, mode: 'shared' | 'exclusive'): () => void {
  const path = join(witness, `${what} ${mode} ${process.pid}-${++count}`);
  writeFileSync(path, '');
  return () => rmSync(path);
}
