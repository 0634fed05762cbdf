import { type Change, otherDifferences } from '../compare.ts';
import type { GrowthResult, Result } from '../result.ts';
import { missedBounds, noiseWarnings } from '../verdicts.ts';
import { inWords, type Unit, withSpread } from '../unit.ts';
import { type Limit, limitOf, relation } from './words.ts';

/** Where and on what was measured, in one line. */
export function headText({ environment }: Result): string {
  const { kernel, cpu, cores, filesystem, loadAverage } = environment;
  return `Linux ${kernel}, ${cores} × ${cpu}, ${filesystem}, load ${loadAverage[0]!.toFixed(2)}\n`;
}

/** One case on all runtimes, as a table for a terminal. */
export function caseText(results: readonly Result[]): string {
  const lines = [`${results[0]!.case}: ${results[0]!.title}`];
  lines.push(row('', '', 'median', 'reflock is', 'at most'));
  for (const result of results) {
    lines.push(...rows(result));
    lines.push(...result.growth.map((one) => growthRow(one, result.unit)));
  }
  return `${lines.join('\n')}\n`;
}

/** Results of another run, and how these differ. */
export interface Compared {
  readonly before: readonly Result[];
  readonly changes: readonly Change[];
}

/** What is to be said at the end: which figures to doubt, which limits are missed, what has changed. */
export function remarksOn(results: readonly Result[], compared?: Compared): string[] {
  const doubts = [
    ...noiseWarnings(results),
    ...compared === undefined ? [] : otherDifferences(compared.before, results),
  ];
  return [
    ...doubts.map((line) => `warning: ${line}`),
    ...missedBounds(results).map((line) => `missed: ${line}`),
    ...compared === undefined ? [] : changeTexts(compared.changes),
  ];
}

/** Which figures differ from another run, a line each, and how many do not. */
function changeTexts(changes: readonly Change[]): string[] {
  const differ = changes.filter(({ verdict }) => verdict !== 'same');
  const same = changes.length - differ.length;
  return [
    ...differ.map(({ verdict, case: name, runtime, contender, beside, factor, spread }) =>
      `${verdict}: ${name} on ${runtime}: ${contender} takes ${factor.toFixed(2)} times as much ` +
      `as before${beside === undefined ? '' : `, beside ${beside}`}` +
      `${spread > 1 ? ` (give or take ${Math.round(100 * (spread - 1))} %)` : ''}`
    ),
    `no change: ${same} of ${changes.length} figures`,
  ];
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
        row(where, name, value, '', median && inColumn(limitOf(median, unit))),
        ...others.map((one) =>
          row('', `${name}, ${one.of}`, inWords(one.value, unit), '', inColumn(limitOf(one, unit)))
        ),
      ];
    }
    const comparison = comparisons.find(({ peer }) => peer === name);
    if (comparison === undefined) return row(where, name, value);
    return row(where, name, value, relation(comparison, unit), inColumn(limitOf(comparison, unit)));
  });
}

function growthRow(growth: GrowthResult, unit: Unit): string {
  const { series, with: what, median, mad } = growth;
  const power = `${what} ^ ${median.toFixed(2)} ± ${mad.toFixed(2)}`;
  return row('', `${series}, all of it`, power, '', inColumn(limitOf(growth, unit)));
}

/** A limit in the column whose head is `at most`. */
function inColumn(limit: Limit | undefined): string {
  if (limit === undefined) return '';
  const { kind, amount, verdict } = limit;
  return `${kind === 'at most' ? '' : `${kind} `}${amount}  ${verdict}`;
}

function row(where: string, name: string, time: string, ratio = '', bound = ''): string {
  return `  ${where.padEnd(15)} ${name.padEnd(21)} ${time.padEnd(18)} ${ratio.padEnd(15)} ${bound}`
    .trimEnd();
}
