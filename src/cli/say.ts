import { writeSync } from 'node:fs';

/**
 * Writes one line on stderr. Not by `process.stderr`, which makes the pipe that it may be
 * non-blocking, for the command that writes there too.
 */
export function say(text: string): void {
  try {
    writeSync(2, `reflock: ${text}\n`);
  } catch {
    // Nobody listens any more.
  }
}
