import { type Line, Own, shown } from './line.ts';

/**
 * A line on the terminal that is written again and again. A terminal that becomes narrower breaks it
 * into several rows, and the cursor stays with the character behind it: so it waits at the line's
 * beginning. A line that is too long, because the program has not heard of that yet, is cut by the
 * terminal; its setting for that is changed and put back by one write, between which nobody can
 * kill the program.
 */
export function rewrittenLine(line: Line): Own {
  return new Own(`${CLEARED_LINE.text}\x1b[?7l${shown(line)}\x1b[?7h\r`);
}

/** Clears the line, and what a narrower terminal has made of it. */
export const CLEARED_LINE: Own = new Own('\r\x1b[J');
