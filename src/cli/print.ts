import { writeSync } from 'node:fs';
import { constants } from 'node:os';
import { systemError } from '../lock/lock-error.ts';
import { Failure, UNAVAILABLE } from './failure.ts';
import { type Line, Own, shown } from './line.ts';

/** How long to wait until a full pipe is tried again, in milliseconds. */
const PAUSE = 5;

/**
 * Writes lines on stdout, all of them. Text of others cannot leave its line, nor do anything to a
 * terminal: it is escaped here. In JSON that is JSON's own way, so what is read back is the same text.
 * Gives `false` when nobody reads there any more, as after `| head`, which is no failure of ours.
 *
 * @throws {Failure} 69 when it cannot be written, as on a disk that is full.
 */
export function print(lines: readonly Line[]): boolean {
  return printOwn(new Own(lines.map((line) => `${shown(line)}\n`).join('')));
}

/** The same for what is no lines: a picture on a terminal. */
export function printOwn({ text }: Own): boolean {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(1, bytes, written);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      // EIO is what a terminal gives that was closed.
      if (code === 'EPIPE' || code === 'EIO') return false;
      if (code !== 'EAGAIN') {
        const errno = (constants.errno as Record<string, number>)[code] ?? 0;
        const { message } = systemError('Cannot write on stdout', 'stdout', 'write', errno);
        throw new Failure(UNAVAILABLE, message, { cause: error });
      }
      // Whoever shares the pipe has made it non-blocking.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE);
    }
  }
  return true;
}
