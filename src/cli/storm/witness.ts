/**
 * Evidence of who is in a runtime, independent of the locks: one empty file for each holder, put
 * down after its lock was granted and taken away before the lock can end.
 *
 * A holder puts its own marker down first and looks for others afterwards. So of two that are in
 * together, at least the later one sees the other.
 */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

/** Markers are named by mode, process and number. */
let count = 0;

/** A holder's marker. */
export interface Marker {
  /** Who else is in although the mode forbids it. */
  intruders(): string[];
  /** To be called before the lock can end. */
  remove(): void;
}

/** Makes the place for the markers of one runtime. */
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
