import picocolors from 'picocolors';

/** Colours for a stream, or none: only on a terminal that has them, and never with `NO_COLOR`. */
export function colorsFor(stream: { readonly isTTY?: boolean }): ReturnType<
  typeof picocolors.createColors
> {
  const { NO_COLOR, TERM } = process.env;
  return picocolors.createColors(stream.isTTY === true && !NO_COLOR && TERM !== 'dumb');
}
