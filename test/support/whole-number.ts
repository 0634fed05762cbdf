/** Reads a whole number from the command line. */
export function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value < 2 ** 32) return value;
  throw new Error(`${option} must be a whole number below 2 ** 32, not ${JSON.stringify(text)}`);
}
