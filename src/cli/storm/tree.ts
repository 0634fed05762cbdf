/**
 * The directory trees that a storm uses up.
 *
 * Each is a runtime with a `.ref`, and a directory `.storm` with the witness program and a stamp:
 * a text that no two trees share, so that nobody can mistake a new tree for the one it locked.
 */

import { randomUUID } from 'node:crypto';
import { chmod, copyFile, link, mkdir, readdir, readlink } from 'node:fs/promises';
import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A tree in which programs run: a runtime, or a mutable copy of one. */
export interface StormTree {
  readonly name: string;
  /** The directory that becomes `/usr` or `/` of a container. */
  readonly root: string;
  readonly ref: string;
  readonly layout: 'usr' | 'root';
  /** The witness program, as a path outside the container; below `root`, but for the user's own. */
  readonly program: string;
  /** Below `root`: a file that stays the same as long as the runtime does. */
  readonly stamp: string;
  /** `false` for the user's own: it is locked exclusively at most, and left as it is. */
  readonly removable: boolean;
}

/** A runtime that takes part in a storm. */
export interface StormRuntime extends StormTree {
  /** What a launcher calls it: `root`, or the deployment of which that is a part. */
  readonly path: string;
}

/** The witness program and the stamp, below a tree's root. */
export const PROGRAM = '.storm/witness';
export const STAMP = '.storm/stamp';

/** Makes the tree of which all sample runtimes are copies. */
export async function makeTemplate(
  path: string,
  program: Uint8Array,
  from: string | undefined,
): Promise<void> {
  if (from === undefined) {
    await mkdir(path);
    for (const name of ['bin', 'lib']) await mkdir(join(path, name));
    for (let i = 0; i < 8; i++) await writeFile(join(path, `lib/libsample.so.${i}`), `${i}\n`);
    await symlink('libsample.so.7', join(path, 'lib/libsample.so'));
  } else {
    await copyTree(from, path);
  }
  await mkdir(join(path, '.storm'));
  await writeFile(join(path, PROGRAM), program);
  await chmod(join(path, PROGRAM), 0o755);
  if (from === undefined) await link(join(path, PROGRAM), join(path, 'bin/sample')).catch(() => {});
}

/**
 * Lays out a runtime: aside first and then renamed into place, so that whoever finds it finds
 * all of it.
 */
export async function layOut(
  template: string,
  aside: string,
  { name, root }: StormRuntime,
): Promise<void> {
  const id = `${name} ${randomUUID()}`;
  const path = join(aside, id);
  await copyTree(template, path);
  await writeFile(join(path, STAMP), id);
  await writeFile(join(path, '.ref'), '');
  await rename(path, root);
}

/**
 * Copies a tree with hard links where they can be had, as a mutable copy of a runtime is made.
 * A lock file is left out: a hard link to it would share its locks. Directories get ordinary
 * modes, so that they can be deleted again, and special files are left out.
 */
async function copyTree(source: string, target: string): Promise<void> {
  await mkdir(target);
  for (const entry of await readdir(source, { withFileTypes: true })) {
    const [from, to] = [join(source, entry.name), join(target, entry.name)];
    if (entry.name === '.ref') continue;
    if (entry.isDirectory()) await copyTree(from, to);
    else if (entry.isSymbolicLink()) await symlink(await readlink(from), to);
    else if (entry.isFile()) await link(from, to).catch(() => copyFile(from, to));
  }
}
