import { printable } from '../lock/printable.ts';

/**
 * What this program has put together for a terminal by itself, such as colours. It is written as it is,
 * so text of others must be made {@linkcode printable} before it becomes a part of it.
 */
export class Own {
  /** What is written. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A line for people, without its end. Whatever is only a string is escaped, whoever it comes from. */
export type Line = string | Own | readonly (string | Own)[];

/** The line as it may be written. */
export function shown(line: Line): string {
  if (typeof line === 'string') return printable(line);
  return line instanceof Own ? line.text : line.map(shown).join('');
}

/** The lines of a text of ours that ends with the last of them. */
export function linesOf(text: string): string[] {
  return text.replace(/\n$/, '').split('\n');
}
