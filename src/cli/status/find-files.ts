import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { quote } from '../../lock/printable.ts';
import { Failure, UNAVAILABLE } from '../failure.ts';

/** The files whose locks are to be told. */
export interface FoundFiles {
  /** What was named, and is no directory. */
  readonly named: readonly string[];
  /** Every `.ref` below the directories that were named. */
  readonly refs: readonly string[];
  /** What cannot be looked into, so that there may be others. */
  readonly unreadable: readonly string[];
}

/**
 * Finds the files that are meant by paths.
 *
 * @throws {Failure} 69 for a path that leads nowhere.
 */
export async function findFiles(paths: readonly string[]): Promise<FoundFiles> {
  const named: string[] = [];
  const refs: string[] = [];
  const unreadable: string[] = [];
  for (const path of paths) {
    if (await isDirectory(path)) await findRefs(path, refs, unreadable);
    else named.push(path);
  }
  return { named, refs, unreadable };
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file or directory' : message;
    throw new Failure(UNAVAILABLE, `Cannot look at ${quote(path)}: ${why}`, { cause });
  }
}

/** Symbolic links to directories are not followed: they may lead anywhere, and in circles. */
async function findRefs(directory: string, refs: string[], unreadable: string[]): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await readdir(directory, { withFileTypes: true });
  } catch (error) {
    // It may have been deleted meanwhile, as mutable copies are.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') unreadable.push(directory);
    return;
  }
  for (const entry of entries) {
    const path = join(directory, entry.name);
    // A name that is not UTF-8 leads nowhere as a text.
    if (entry.name.includes('\uFFFD')) {
      unreadable.push(path);
      continue;
    }
    if (entry.isDirectory()) await findRefs(path, refs, unreadable);
    else if (entry.name === '.ref') refs.push(path);
  }
}
