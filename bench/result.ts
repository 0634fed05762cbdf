import type { Case } from './cases/case.ts';
import type { Environment } from './environment.ts';
import { type Absent, absent, type Samples } from './measure.ts';
import type { RuntimeName } from './place.ts';
import { difference, type Figure, figure, perRound, type Ratio, ratio } from './statistics.ts';

/** A contender's part of a result: figures in nanoseconds, or why there are none. */
export type ContenderResult = Absent | (Figure & { name: string; samples: number[][] });

/** How reflock compares with one other contender. */
export interface Comparison extends Ratio {
  /** The other one. */
  peer: string;
  /** The most that the median may be, if there is a limit. */
  bound?: number;
  /** The nanoseconds by which reflock exceeds it. */
  difference: Figure;
  /** The most that the median of these may be, if there is a limit. */
  allowance?: number;
}

/** One case on one runtime, with everything needed to check the figures. */
export interface Result {
  case: string;
  title: string;
  runtime: RuntimeName;
  runtimeVersion: string;
  environment: Environment;
  contenders: ContenderResult[];
  comparisons: Comparison[];
}

/** Makes the figures of a case out of its samples. */
export function evaluate(
  { bounds, allowances = {} }: Pick<Case, 'bounds' | 'allowances'>,
  samples: Samples,
  missing: readonly Absent[],
): Pick<Result, 'contenders' | 'comparisons'> {
  const names = Object.keys(samples);
  const [own, ...peers] = names;
  return {
    contenders: [
      ...names.map((name) => ({
        name,
        ...figure(perRound(samples[name]!)),
        samples: samples[name]!,
      })),
      ...missing.map(({ name, absent: why }) => absent(name, why)),
    ],
    comparisons: peers.map((peer) => ({
      peer,
      ...ratio(samples, own!, peer),
      ...(bounds[peer] !== undefined && { bound: bounds[peer] }),
      difference: difference(samples, own!, peer),
      ...(allowances[peer] !== undefined && { allowance: allowances[peer] }),
    })),
  };
}

/** Above this part of its median, the spread of a ratio says that the machine was not quiet. */
const QUIET = 0.1;

/** Whether every limit of the comparison is kept; a figure that is none keeps no limit. */
export function isKept({ median, bound, difference, allowance }: Comparison): boolean {
  return (bound === undefined || median <= bound) &&
    (allowance === undefined || difference.median <= allowance);
}

/** Which limits are not kept, one line each. */
export function missedBounds(results: readonly Result[]): string[] {
  return results.flatMap((result) =>
    result.comparisons.filter((comparison) => !isKept(comparison)).map((comparison) => {
      const { peer, median, bound, difference, allowance } = comparison;
      const where = `${result.case} on ${result.runtime} takes`;
      return bound !== undefined && !(median <= bound)
        ? `${where} ${median.toFixed(2)} times as long as ${peer}, more than ${bound}`
        : `${where} ${milliseconds(difference.median)} longer than ${peer}, ` +
          `more than ${milliseconds(allowance!)}`;
    })
  );
}

/** Puts nanoseconds into words. */
export function milliseconds(nanoseconds: number): string {
  return `${(nanoseconds / 1e6).toFixed(2)} ms`;
}

/** Which comparisons with a limit to doubt, and what to do about it, one line each. */
export function noiseWarnings(results: readonly Result[]): string[] {
  return results.flatMap((result) =>
    result.comparisons
      .filter(({ median, mad, bound }) => bound !== undefined && mad > QUIET * median)
      .map(({ peer, median, mad }) =>
        `${result.case} on ${result.runtime}: the ratio to ${peer} varies by ` +
        `${Math.round(100 * mad / median)} % between rounds; ` +
        'stop what else is running, or measure longer with --rounds'
      )
  );
}
