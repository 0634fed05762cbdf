/** Real directory trees for tests. */

import { mkdirSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temp } from './temp.ts';

let count = 0;

/** A path at which there is nothing yet, in a directory of its own. */
export function newPlace(name = 'place'): string {
  const directory = join(temp, `tree${++count}`);
  mkdirSync(directory);
  return join(directory, name);
}

/**
 * Makes files, directories and links: a name with a slash at its end is a directory, one with an
 * arrow a symbolic link, any other a file. What they lie in is made too.
 */
export function makeTree(root: string, entries: readonly string[]): string {
  mkdirSync(root, { recursive: true });
  for (const entry of entries) {
    const [name, target] = entry.split(' -> ') as [string, string?];
    const path = join(root, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (target !== undefined) symlinkSync(target, path);
    else if (!name.endsWith('/')) writeFileSync(path, `${name}\n`);
  }
  return root;
}

/** Makes a directory of copies: a `.ref` says that it is one. */
export function makeCopies(root: string, entries: readonly string[]): string {
  return makeTree(root, ['.ref', ...entries]);
}

/** Everything below a directory, sorted, in the form that {@linkcode makeTree} takes. */
export function treeOf(root: string, below = ''): string[] {
  // Not `recursive`, which on Node follows symbolic links.
  const entries = readdirSync(join(root, below), { withFileTypes: true });
  return entries.flatMap((entry) => {
    const name = below + entry.name;
    if (entry.isSymbolicLink()) return [`${name} -> ${readlinkSync(join(root, name))}`];
    return entry.isDirectory() ? [`${name}/`, ...treeOf(root, `${name}/`)] : [name];
  }).sort();
}
