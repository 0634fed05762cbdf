import { linearRegression, max, median } from 'simple-statistics';
import { medianAbsoluteDeviation, quantile } from 'simple-statistics';
import type { Samples } from './measure.ts';

/** The middle of several values, and how far from it they usually lie. */
export interface Figure {
  median: number;
  /** Median absolute deviation. */
  mad: number;
}

/** What can be told of many samples. */
export type Statistic = 'median' | 'p99' | 'maximum';

/** How one contender compares with another, round by round. */
export interface Ratio extends Figure {
  /** Time of the one by time of the other, for each round. */
  rounds: number[];
}

/** Summarises values. */
export function figure(values: number[]): Figure {
  return { median: median(values), mad: medianAbsoluteDeviation(values) };
}

/** One value for each round: the median of its samples. */
export function perRound(samples: number[][]): number[] {
  return samples.map((round) => median(round));
}

/** Works out one statistic of a contender: the median over the rounds, the others over all samples. */
export function tell(statistic: Statistic, samples: number[][]): number {
  if (statistic === 'median') return median(perRound(samples));
  return statistic === 'p99' ? quantile(samples.flat(), 0.99) : max(samples.flat());
}

/**
 * Compares two contenders pairwise: first the ratio within each round, then the median over the
 * rounds. The ratio of the two medians would put rounds side by side that had nothing to do with
 * each other.
 */
export function ratio(samples: Samples, name: string, peer: string): Ratio {
  const peers = perRound(samples[peer]!);
  const rounds = perRound(samples[name]!).map((value, round) => value / peers[round]!);
  return { ...figure(rounds), rounds };
}

/** By how much one contender exceeds another, compared within each round. */
export function difference(samples: Samples, name: string, peer: string): Figure {
  const peers = perRound(samples[peer]!);
  return figure(perRound(samples[name]!).map((value, round) => value - peers[round]!));
}

/** How cost grows with size. */
export interface Growth extends Figure {
  /** The exponent of each round. */
  rounds: number[];
}

/**
 * Fits `total cost = factor × size ^ exponent`, a line on logarithmic axes, to each round: with twice the
 * size all of it costs twice as much when the exponent is 1. `cost` is that of one among `size`.
 */
export function growth(points: readonly { size: number; cost: readonly number[] }[]): Growth {
  const rounds = points[0]!.cost.map((_, round) =>
    linearRegression(
      points.map(({ size, cost }) => [Math.log(size), Math.log(size * cost[round]!)]),
    ).m
  );
  return { ...figure(rounds), rounds };
}
