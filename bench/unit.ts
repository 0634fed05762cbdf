/** What the samples of a case count. */
export type Unit = 'nanoseconds' | 'bytes' | 'percent' | 'threads' | 'grants';

/** Puts a value into words. */
export function inWords(value: number, unit: Unit): string {
  const { size, name } = scale(value, unit);
  return `${number(value / size, unit)} ${name}`;
}

/** Puts a value and how far it varies into words, both in the unit that suits the value. */
export function withSpread(value: number, spread: number, unit: Unit): string {
  const { size, name } = scale(value, unit);
  return `${number(value / size, unit)} ± ${number(spread / size, unit)} ${name}`;
}

function scale(value: number, unit: Unit): { size: number; name: string } {
  if (unit === 'nanoseconds') {
    return Math.abs(value) < 1e6 ? { size: 1e3, name: 'µs' } : { size: 1e6, name: 'ms' };
  }
  if (unit === 'bytes') return { size: 1e6, name: 'MB' };
  return { size: 1, name: unit === 'percent' ? '%' : unit };
}

/** What is counted one by one needs no decimals, unless a median lies between two counts. */
function number(value: number, unit: Unit): string {
  const counted = unit === 'threads' || unit === 'grants';
  return counted && Number.isInteger(value) ? `${value}` : value.toFixed(2);
}
