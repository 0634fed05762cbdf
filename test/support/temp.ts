import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { heedsPrivileges } from '../../src/linux/heeds-privileges.ts';

/** A directory of this test file's own, gone when its process ends. */
export const temp: string = mkdtempSync(join(tmpdir(), 'reflock-test-'));
process.on('exit', () => rmSync(temp, { recursive: true, force: true }));

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

/** Whether set-id bits mean something among the temporary files; not in bwrap's containers. */
export function heedsSetId(): boolean {
  const fd = openSync(temp, 'r');
  try {
    return heedsPrivileges(fd);
  } finally {
    closeSync(fd);
  }
}
