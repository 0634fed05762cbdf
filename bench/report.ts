import { type Comparison, isKept, missedBounds, noiseWarnings } from './result.ts';
import type { OwnFigure, Result } from './result.ts';
import { inWords, type Unit, withSpread } from './unit.ts';

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

function rows({ runtime, runtimeVersion, unit, contenders, comparisons, own }: Result): string[] {
  return contenders.flatMap((contender, index) => {
    const { name } = contender;
    const where = index === 0 ? `${runtime} ${runtimeVersion}` : '';
    if ('absent' in contender) return row(where, name, `–  ${contender.absent}`);
    const value = withSpread(contender.median, contender.mad, unit);
    if (index === 0) {
      const median = own.find(({ of }) => of === 'median');
      const others = own.filter(({ of }) => of !== 'median');
      return [
        row(where, name, value, '', median && limit(median, unit)),
        ...others.map((one) =>
          row('', `${name}, ${one.of}`, inWords(one.value, unit), '', limit(one, unit))
        ),
      ];
    }
    const comparison = comparisons.find(({ peer }) => peer === name);
    // Another series at another size is not compared with the first contender.
    if (comparison === undefined) return row(where, name, value);
    return row(where, name, value, relation(comparison, unit), limit(comparison, unit));
  });
}

function relation({ median, mad, difference, allowance }: Comparison, unit: Unit): string {
  return allowance === undefined
    ? `× ${median.toFixed(2)} ± ${mad.toFixed(2)}`
    : `${difference.median < 0 ? '-' : '+'} ${inWords(Math.abs(difference.median), unit)}`;
}

function limit(compared: Comparison | OwnFigure, unit: Unit): string {
  const text = 'of' in compared ? amount(compared.most, unit) : limitOf(compared, unit);
  return text && `${text}  ${isKept(compared) ? 'kept' : 'MISSED'}`;
}

function limitOf({ bound, floor, allowance }: Comparison, unit: Unit): string {
  if (bound !== undefined) return bound.toFixed(2);
  return floor !== undefined ? `at least ${floor.toFixed(2)}` : amount(allowance, unit);
}

function amount(most: number | undefined, unit: Unit): string {
  return most === undefined ? '' : inWords(most, unit);
}

function row(where: string, name: string, time: string, ratio = '', bound = ''): string {
  return `  ${where.padEnd(15)} ${name.padEnd(21)} ${time.padEnd(18)} ${ratio.padEnd(15)} ${bound}`
    .trimEnd();
}
