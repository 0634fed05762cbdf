/**
 * The one way by which text of others gets into a message. A file or a process may be called anything:
 * also what moves the cursor, sets the title of the window, writes from right to left or begins a new
 * line.
 */

import { byteOf } from '../linux/byte-text.ts';

// Controls (ESC, BEL, DEL, C1, line breaks), formats (directions, joiners, U+FEFF), what is no character
// (bytes that are not UTF-8 among it), and the two separators at which some programs break a line.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The same, and what would end the quotes or look like an escape. */
const UNSAFE_IN_QUOTES = /["\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** How many characters of a quoted path are shown, and of a longer one at each end. */
const LONGEST = 300;
const END = 140;

const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes one line of a text, which a terminal shows and does not obey: `\u001b` for ESC, `\n` for a line
 * break, `\xff` for a byte that is not UTF-8. What was made printable stays as it is.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, escape);
}

/** A name for people, as within {@linkcode quote}: no two names look alike. */
export function plain(name: string): string {
  return name.replace(UNSAFE_IN_QUOTES, escape);
}

/** Quotes a path for a message: on one line, and short enough to read. */
export function quote(path: string): string {
  if (path.length <= LONGEST) return `"${plain(path)}"`;
  // A character is two units at most, and half of one that is cut in two is left out.
  const begin = Array.from(path.slice(0, 2 * END)).slice(0, END).join('');
  const end = Array.from(path.slice(-2 * END)).slice(-END).join('');
  return `"${plain(begin)}…${plain(end)}"`;
}

/** As in JSON, but for the bytes that are not UTF-8. */
function escape(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const byte = byteOf(character);
  if (byte !== undefined) return `\\x${byte.toString(16)}`;
  return short[character] ?? character.split('').map(unit).join('');
}

function unit(half: string): string {
  return `\\u${half.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
