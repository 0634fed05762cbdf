import { writeSync } from 'node:fs';
import { Own, shown } from './line.ts';

/** Writes one line on stderr. Text of others is escaped, so it is one line whatever is in it. */
export function say(text: string): void {
  draw(new Own(`reflock: ${shown(text)}\n`));
}

/**
 * Writes what is ours on stderr as it is, such as a progress bar. Not by `process.stderr`, which makes
 * the pipe that it may be non-blocking, for the command that writes there too.
 */
export function draw({ text }: Own): void {
  try {
    writeSync(2, text);
  } catch {
    // Nobody listens any more.
  }
}
