import { lstatSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/** A lock that the command line asks for. */
export interface WantedLock {
  readonly path: string;
  readonly create: boolean;
  readonly wait: boolean;
  readonly write: boolean;
}

/**
 * Makes one lock of all that name the same file, whatever they call it: in the place of the
 * first, and with everything that any of them asks for. Two locks on one file, one of them
 * exclusive, would wait for each other for ever.
 */
export function mergeSameFiles(wanted: readonly WantedLock[]): WantedLock[] {
  const merged = new Map<string, WantedLock>();
  for (const want of wanted) {
    const key = identity(want.path);
    const other = merged.get(key);
    merged.set(key, {
      path: other?.path ?? want.path,
      create: want.create || other?.create === true,
      wait: want.wait || other?.wait === true,
      write: want.write || other?.write === true,
    });
  }
  return [...merged.values()];
}

function identity(path: string, depth = 0): string {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev}:${ino}`;
  } catch {
    // Not there yet, or not to be had: what it is will be the lock call's business.
  }
  try {
    const place = join(realpathSync(dirname(path)), basename(path));
    // Whoever creates the file follows a link that leads nowhere yet.
    const link = lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() && depth < 40;
    return link ? identity(resolve(dirname(place), readlinkSync(place)), depth + 1) : place;
  } catch {
    return path;
  }
}
