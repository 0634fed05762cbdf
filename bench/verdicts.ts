import type { Comparison, GrowthResult, OwnFigure, Result } from './result.ts';
import { inWords, type Unit } from './unit.ts';

/** Above this part of its median, the spread of a ratio says that the machine was not quiet. */
const QUIET = 0.1;

/** Whether every limit is kept; a figure that is none keeps no limit. */
export function isKept(compared: Comparison | OwnFigure | GrowthResult): boolean {
  if ('series' in compared) return compared.most === undefined || compared.median <= compared.most;
  if ('of' in compared) return compared.most === undefined || compared.value <= compared.most;
  const { median, bound, floor, difference, allowance } = compared;
  return (bound === undefined || median <= bound) &&
    (floor === undefined || median >= floor) &&
    (allowance === undefined || difference.median <= allowance);
}

/** Which limits are not kept, one line each. */
export function missedBounds(results: readonly Result[]): string[] {
  return results.flatMap((result) => {
    const { unit, comparisons, own, growth } = result;
    const missed = [
      ...own.filter((one) => !isKept(one)).map(({ of, value, most }) =>
        `${of} ${inWords(value, unit)}, more than ${inWords(most!, unit)}`
      ),
      ...comparisons.filter((one) => !isKept(one)).map((one) => inWhatWay(one, unit)),
      ...growth.filter((one) => !isKept(one)).map((one) =>
        `${one.series} grows by the power ${one.median.toFixed(2)} of the ${one.with}, ` +
        `more than ${one.most}`
      ),
    ];
    return missed.map((text) => `${result.case} on ${result.runtime}: ${text}`);
  });
}

/** Tells which limit of a comparison is not kept. */
function inWhatWay(missed: Comparison, unit: Unit): string {
  const { peer, median, bound, floor, difference, allowance } = missed;
  // As many decimals as tell it from its limit.
  const isNear = Math.abs(median - (bound ?? floor ?? NaN)) < 0.005;
  const times = `${median.toFixed(isNear ? 4 : 2)} times ${peer}`;
  if (bound !== undefined && !(median <= bound)) return `${times}, more than ${bound}`;
  if (floor !== undefined && !(median >= floor)) return `${times}, less than ${floor}`;
  const beyond = `${inWords(difference.median, unit)} beyond ${peer}`;
  return `${beyond}, more than ${inWords(allowance!, unit)}`;
}

/** By this part of its processors, what else a machine does before a run makes its figures doubtful. */
const IDLE = 0.5;

/** What gives reason to doubt figures, and what to do about it, one line each. */
export function noiseWarnings(results: readonly Result[]): string[] {
  return [...busyMachine(results[0]), ...varyingRatios(results)];
}

function busyMachine(first: Result | undefined): string[] {
  if (first === undefined) return [];
  const { loadAverage: [load = 0], cores } = first.environment;
  if (load <= IDLE * cores) return [];
  return [`the machine was not idle before: a load of ${load.toFixed(2)} on ${cores} processors`];
}

function varyingRatios(results: readonly Result[]): string[] {
  return results.flatMap((result) =>
    result.comparisons
      .filter(({ median, mad, bound, floor }) =>
        (bound ?? floor) !== undefined && mad > QUIET * median
      )
      .map(({ peer, median, mad }) =>
        `${result.case} on ${result.runtime}: the ratio to ${peer} varies by ` +
        `${Math.round(100 * mad / median)} % between rounds; ` +
        'stop what else is running, or measure longer with --rounds'
      )
  );
}
