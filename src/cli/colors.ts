import picocolors from 'picocolors';
import { printable } from '../lock/printable.ts';
import { Own } from './line.ts';

/** Gives a text its colour, and escapes what is in it. */
type Paint = (text: string) => Own;

/** The colours that are used. */
export type Colors = Readonly<Record<'bold' | 'green' | 'yellow' | 'red', Paint>>;

/** Colours for a stream, or none: only on a terminal that has them, and never with `NO_COLOR`. */
export function colorsFor(stream: { readonly isTTY?: boolean }): Colors {
  const { NO_COLOR, TERM } = process.env;
  const { bold, green, yellow, red } = picocolors.createColors(
    stream.isTTY === true && !NO_COLOR && TERM !== 'dumb',
  );
  const painter = (paint: (text: string) => string): Paint => (text) =>
    new Own(paint(printable(text)));
  return {
    bold: painter(bold),
    green: painter(green),
    yellow: painter(yellow),
    red: painter(red),
  };
}
