/**
 * Evidence of who is in a runtime, independent of the locks: one empty file for each holder, put
 * down after its lock was granted and taken away before the lock can end.
 *
 * A holder puts its own marker down first and looks for others afterwards. So of two that are in
 * together, at least the later one sees the other.
 */

import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Markers are named by mode, process and number. */
let count = 0;

/** A holder's marker. */
export interface Marker {
  /** Who else is in although the mode forbids it. */
  intruders(): string[];
  /** To be called before the lock can end. */
  remove(): void;
}

/** Where the markers of all copies are, each named like its copy, of which nobody else knows. */
export const COPIES = 'copies';

/** Makes the place for the markers of one runtime, or of the copies. */
export function makeWitness(directory: string, runtime: string): void {
  mkdirSync(join(directory, runtime));
}

/** Puts down the marker of a holder. */
export function enter(
  directory: string,
  runtime: string,
  mode: 'shared' | 'exclusive',
): Marker {
  const place = join(directory, runtime);
  const own = `${mode}-${process.pid}-${++count}`;
  writeFileSync(join(place, own), '');
  return {
    intruders: () =>
      readdirSync(place).filter((other) =>
        other !== own && (mode === 'exclusive' || other.startsWith('exclusive'))
      ),
    remove: () => rmSync(join(place, own)),
  };
}

/** Puts down the marker of a copy in use; gives how to take it away. */
export function enterCopy(directory: string, copy: string): Pick<Marker, 'remove'> {
  const path = join(directory, COPIES, copy);
  writeFileSync(path, '');
  return { remove: () => rmSync(path) };
}

/** Whether the marker of a copy stands. */
export function isInUse(directory: string, copy: string): boolean {
  return existsSync(join(directory, COPIES, copy));
}
