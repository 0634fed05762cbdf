import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** A directory of this test file's own, gone when its process ends. */
export const temp: string = mkdtempSync(join(tmpdir(), 'reflock-test-'));
// Node's own `rmSync` took seconds for a few large trees while the machine was busy.
process.on('exit', () => execFileSync('rm', ['-rf', '--', temp]));

let count = 0;

/** The path of a new empty file. */
export function newFile(): string {
  const path = newPath();
  writeFileSync(path, '');
  return path;
}

/** A path at which there is nothing yet. */
export function newPath(): string {
  return join(temp, `f${++count}.ref`);
}
