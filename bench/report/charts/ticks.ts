import type { Unit } from '../../unit.ts';
import { textWidth } from './chart.ts';

/** From where to where an axis goes, both above 0. */
export type Range = readonly [min: number, max: number];

/** The range of values, widened so that they do not lie on its ends. */
export function rangeOf(values: Iterable<number>, margin = 1.25): Range {
  let min = Infinity;
  let max = 0;
  for (const value of values) {
    // Nothing else has a place on a logarithmic axis.
    if (!(value > 0 && value < Infinity)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return min > max ? [1, 10] : [min / margin, max * margin];
}

/** Round values in a range: 1, 2, 5, 10 … where that is short, and powers of ten otherwise. */
export function roundValues([min, max]: Range): number[] {
  const steps = max / min < 300 ? [1, 2, 5] : [1];
  const values: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
    values.push(...steps.map((step) => Number(`${step}e${power}`)));
  }
  return values.filter((value) => value >= min && value <= max);
}

/** Leaves out values, at equal intervals, until their labels have room on an axis of this length. */
export function withRoom(
  values: readonly number[],
  [min, max]: Range,
  length: number,
  fontSize: number,
  tell: (value: number) => string,
): number[] {
  const at = (value: number): number => length * Math.log(value / min) / Math.log(max / min);
  for (let every = 1; every < values.length; every++) {
    const kept = values.filter((_, index) => index % every === 0);
    const room = kept.every((value, index) => {
      if (index === 0) return true;
      const before = kept[index - 1]!;
      const half = (text: string): number => textWidth(text, fontSize) / 2;
      return at(value) - at(before) > half(tell(value)) + half(tell(before)) + fontSize / 2;
    });
    if (room) return kept;
  }
  return values.slice(0, 1);
}

/** A round value in a few characters. */
export function tickText(value: number, unit: Unit): string {
  if (unit === 'nanoseconds') {
    const [size, name] = value >= 1e9
      ? [1e9, 's']
      : value >= 1e6
      ? [1e6, 'ms']
      : value >= 1e3
      ? [1e3, 'µs']
      : [1, 'ns'];
    return `${plain(value / size)} ${name}`;
  }
  if (unit === 'bytes') return `${plain(value / 1e6)} MB`;
  return unit === 'percent' ? `${plain(value)} %` : plain(value);
}

/** A number without an exponent and without needless digits. */
export function plain(value: number): string {
  return value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });
}
