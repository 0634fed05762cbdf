import { type Comparison, isKept, milliseconds } from './result.ts';
import { missedBounds, noiseWarnings, type Result } from './result.ts';
import type { Figure } from './statistics.ts';

/** Puts results into words and tables for a terminal. */
export function report(results: readonly Result[]): string {
  const lines: string[] = [];
  const first = results[0];
  if (first !== undefined) {
    const { kernel, cpu, cores, filesystem, loadAverage } = first.environment;
    lines.push(
      `Linux ${kernel}, ${cores} × ${cpu}, ${filesystem}, load ${loadAverage[0]!.toFixed(2)}`,
    );
  }
  for (const name of new Set(results.map((result) => result.case))) {
    const ofCase = results.filter((result) => result.case === name);
    lines.push('', `${name}: ${ofCase[0]!.title}`);
    lines.push(row('', '', 'median', 'reflock is', 'at most'));
    for (const result of ofCase) lines.push(...rows(result));
  }
  const warnings = noiseWarnings(results);
  if (warnings.length > 0) lines.push('', ...warnings.map((line) => `warning: ${line}`));
  const missed = missedBounds(results);
  if (missed.length > 0) lines.push('', ...missed.map((line) => `missed: ${line}`));
  return `${lines.join('\n')}\n`;
}

function rows({ runtime, runtimeVersion, contenders, comparisons }: Result): string[] {
  return contenders.map((contender, index) => {
    const where = index === 0 ? `${runtime} ${runtimeVersion}` : '';
    if ('absent' in contender) return row(where, contender.name, `–  ${contender.absent}`);
    const comparison = comparisons.find(({ peer }) => peer === contender.name);
    const time = duration(contender);
    if (comparison === undefined) return row(where, contender.name, time);
    return row(where, contender.name, time, relation(comparison), limit(comparison));
  });
}

function relation({ median, mad, difference, allowance }: Comparison): string {
  return allowance === undefined
    ? `× ${median.toFixed(2)} ± ${mad.toFixed(2)}`
    : `${difference.median < 0 ? '-' : '+'} ${milliseconds(Math.abs(difference.median))}`;
}

function limit(comparison: Comparison): string {
  const { bound, allowance } = comparison;
  if (bound === undefined && allowance === undefined) return '';
  const most = bound !== undefined ? bound.toFixed(2) : milliseconds(allowance!);
  return `${most}  ${isKept(comparison) ? 'kept' : 'MISSED'}`;
}

function row(where: string, name: string, time: string, ratio = '', bound = ''): string {
  return `  ${where.padEnd(15)} ${name.padEnd(21)} ${time.padEnd(18)} ${ratio.padEnd(15)} ${bound}`
    .trimEnd();
}

/** In microseconds, or from ten milliseconds on in these. */
function duration({ median, mad }: Figure): string {
  const [unit, size] = median < 1e7 ? ['µs', 1e3] as const : ['ms', 1e6] as const;
  return `${(median / size).toFixed(2)} ± ${(mad / size).toFixed(2)} ${unit}`;
}
