/**
 * The witness: one file to which everybody appends what they do, with nothing of the engine. A hold is
 * written down after the grant, and its end before the release, so it lasts a little longer than it is
 * said to. The order of the records is the order in which they were written, on all processors alike,
 * and needs no clock: `O_APPEND` lets one in after the other.
 *
 * KEY is WHO:NUMBER, FILE a file's number, BYTES are a mode (`s` or `x`), start and length:
 *
 *   B KEY how FILE inode BYTES   a lock is held; how it was got: try, lock (at once), wait
 *   U KEY, D KEY                 it is exclusive now; it is about to become shared
 *   S KEY CHILD                  CHILD has inherited it
 *   J CHILD KEY, G CHILD KEY     CHILD is there; it is about to let go
 *   R KEY how                    its holder has made its path lead to another file, or to none
 *   E KEY                        its owner is about to let go
 *   W WAIT FILE BYTES [KEY]      a wait has begun (for the upgrade of KEY)
 *   w WAIT how                   it is over: granted, or why it was given up
 *   K WHO, Q WHO                 WHO is about to be killed; is about to exit, whatever it holds
 *   X WHO                        WHO has ended, and should have let go of all before
 *   Z WHO, z WHO                 WHO is about to be stopped; has been continued
 *   T ms                         the time
 */

import { closeSync, openSync, writeSync } from 'node:fs';

/**
 * The length of a record. No record lies on two pages, so a kill leaves none that is half written:
 * between pages is where the kernel looks for a reason to stop.
 */
export const SIZE = 64;

/** The file, for one who writes. */
export class Stamps {
  readonly path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.path = path;
    this.#fd = openSync(path, 'a');
  }

  /** Writes one record. */
  write(record: string): void {
    const line = `${record.padEnd(SIZE - 1)}\n`;
    if (line.length !== SIZE) throw new Error(`too long: ${record}`);
    if (writeSync(this.#fd, line) !== SIZE) throw new Error(`no room for ${record}`);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
