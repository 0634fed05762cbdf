/**
 * A line on the terminal that is written again and again. A terminal that becomes narrower breaks it
 * into several rows, and the cursor stays with the character behind it. So it waits at the line's
 * beginning, and all from there on is cleared before the next one.
 */

/** To be written before each line, and after the last one, which it clears. */
export const BEFORE = '\r\x1b[J';

/** To be written after each line. */
export const AFTER = '\r';
