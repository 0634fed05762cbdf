/**
 * What a tree consists of, written down so that a later look tells whether all of it is there, and
 * nothing else: by path the type and permissions, of a file the inode and size, of a directory the
 * time of the last change in it, of a symbolic link the target.
 *
 * Lock files (`.ref`) are left out, and so are the times of the directories that they lie in: whoever
 * wants a lock may make one.
 */

import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

export type Manifest = ReadonlyMap<string, string>;

/** Directories in which a lock file may be made. */
const LOCKABLE = ['usr', 'files'];
/** How many differences are told one by one. */
const TOLD = 3;

/** Writes down everything below a directory, but for entries of these names. */
export function manifest(root: string, ...leaveOut: readonly string[]): Manifest {
  const found = new Map<string, string>();
  const add = (directory: string): void => {
    for (const name of readdirSync(join(root, directory))) {
      if (name === '.ref' || leaveOut.includes(name)) continue;
      const path = join(directory, name);
      const what = describe(join(root, path), LOCKABLE.includes(path));
      found.set(path, what);
      if (what.startsWith('directory')) add(path);
    }
  };
  add('');
  return found;
}

function describe(path: string, lockable: boolean): string {
  const status = lstatSync(path);
  if (status.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  const mode = (status.mode & 0o7777).toString(8);
  if (lockable) return `directory ${mode}`;
  if (status.isDirectory()) return `directory ${mode} of ${status.mtimeMs}`;
  return `file ${mode} ${status.ino} of ${status.size} bytes`;
}

/** Says how a tree is not what it should be; `undefined` when it is. */
export function difference(expected: Manifest, found: Manifest): string | undefined {
  const all: string[] = [];
  for (const [path, what] of expected) {
    const other = found.get(path);
    if (other === undefined) all.push(`${path} is missing`);
    else if (other !== what) all.push(`${path} is a ${other}, not a ${what}`);
  }
  for (const path of found.keys()) if (!expected.has(path)) all.push(`${path} is too many`);
  if (all.length === 0) return undefined;
  const more = all.length > TOLD ? `, and ${all.length - TOLD} more of ${expected.size}` : '';
  return all.slice(0, TOLD).join(', ') + more;
}
