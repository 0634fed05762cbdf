/** Noticing that a program that was started has become another one. */

import { constants } from 'node:fs';
import { O_CLOEXEC } from './open-flags.ts';
import { processCalls } from './process-calls.ts';

/** A pipe that a program inherits, and that the one which it becomes does not. */
export interface UntilExec {
  /** What the program inherits. */
  readonly fd: number;
  /** Whether nobody has that any more. From the first time on, this process does not. */
  isOver(): boolean;
}

/**
 * Makes one. The kernel tells of the end of a pipe without a look at the other program, whose command
 * line stands in its own memory.; gives `undefined` where there is no
 * descriptor left.
 */
export function untilExec(): UntilExec | undefined {
  const { pipe2, read, close } = processCalls();
  const ends = new Int32Array(2);
  if (pipe2(ends, O_CLOEXEC | constants.O_NONBLOCK) === -1) return undefined;
  const [output, fd] = [ends[0]!, ends[1]!];
  let isOpen = true;
  return {
    fd,
    isOver() {
      if (isOpen) close(fd);
      isOpen = false;
      // Nothing is ever written: it is the end, or `EAGAIN`.
      return read(output, new Uint8Array(1), 1) === 0;
    },
  };
}
