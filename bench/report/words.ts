import type { Comparison, GrowthResult, OwnFigure } from '../result.ts';
import { isKept } from '../verdicts.ts';
import { inWords, type Unit } from '../unit.ts';

/** A limit in words. */
export interface Limit {
  kind: 'at most' | 'at least';
  amount: string;
  verdict: 'kept' | 'MISSED';
}

/** Tells how reflock compares with a peer: by ratio, or by difference where that is limited. */
export function relation(comparison: Comparison, unit: Unit): string {
  const { difference, allowance } = comparison;
  if (allowance === undefined) return times(comparison);
  return `${difference.median < 0 ? '-' : '+'} ${inWords(Math.abs(difference.median), unit)}`;
}

/** Tells a ratio and how far it varies; nothing of one that is none, as after a division by 0. */
export function times({ median, mad }: { median: number; mad: number }): string {
  if (!Number.isFinite(median)) return '';
  // Of a small ratio two decimals would tell nothing.
  const decimals = median > 0 && median < 0.1 ? 1 - Math.floor(Math.log10(median)) : 2;
  return `× ${median.toFixed(decimals)} ± ${mad.toFixed(decimals)}`;
}

/** Puts the limit of a figure into words, if it has one. */
export function limitOf(
  compared: Comparison | OwnFigure | GrowthResult,
  unit: Unit,
): Limit | undefined {
  const verdict = isKept(compared) ? 'kept' : 'MISSED';
  if ('series' in compared || 'of' in compared) {
    const { most } = compared;
    if (most === undefined) return undefined;
    const amount = 'of' in compared ? inWords(most, unit) : most.toFixed(2);
    return { kind: 'at most', amount, verdict };
  }
  const { bound, floor, allowance } = compared;
  if (bound !== undefined) return { kind: 'at most', amount: bound.toFixed(2), verdict };
  if (floor !== undefined) return { kind: 'at least', amount: floor.toFixed(2), verdict };
  if (allowance === undefined) return undefined;
  return { kind: 'at most', amount: inWords(allowance, unit), verdict };
}

/** Makes a sentence of a title; code stays as it is. */
export function sentence(text: string): string {
  const begin = /^(await )?[\w.]+\(/.test(text) ? text.slice(0, 1) : text.slice(0, 1).toUpperCase();
  return `${begin}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}
