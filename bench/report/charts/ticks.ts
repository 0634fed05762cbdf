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

/** What says how much room the labels of an axis have and need. */
export interface Room {
  range: Range;
  /** Of the axis, in pixels. */
  length: number;
  fontSize: number;
  tell: (value: number) => string;
}

/** Not more round values than one can take in. */
const MANY = 9;

/** Round values whose labels have room: 1, 2, 5, 10 … if they are few, or powers of ten. */
export function roundTicks(room: Room): number[] {
  const fine = roundValues(room.range, [1, 2, 5]);
  if (fine.length <= MANY && hasRoom(fine, room)) return fine;
  const powers = roundValues(room.range, [1]);
  return withRoom(powers.length > 1 ? powers : fine, room);
}

function roundValues([min, max]: Range, steps: readonly number[]): number[] {
  const values: number[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
    values.push(...steps.map((step) => Number(`${step}e${power}`)));
  }
  return values.filter((value) => value >= min && value <= max);
}

/** Leaves out values, at equal intervals, until the labels of the others have room. */
export function withRoom(values: readonly number[], room: Room): number[] {
  for (let every = 1; every < values.length; every++) {
    const kept = values.filter((_, index) => index % every === 0);
    if (hasRoom(kept, room)) return kept;
  }
  return values.slice(0, 1);
}

function hasRoom(values: readonly number[], { range, length, fontSize, tell }: Room): boolean {
  const [min, max] = range;
  const at = (value: number): number => length * Math.log(value / min) / Math.log(max / min);
  const half = (value: number): number => textWidth(tell(value), fontSize) / 2;
  return values.every((value, index) => {
    if (index === 0) return true;
    const before = values[index - 1]!;
    return at(value) - at(before) > half(value) + half(before) + fontSize / 2;
  });
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
