import { type Change, otherDifferences } from '../compare.ts';
import type { GrowthResult, OwnFigure, Result } from '../result.ts';
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
  const table = [['', '', 'median', 'reflock is', 'at most']];
  for (const result of results) {
    table.push(...rows(result));
    table.push(...result.growth.map((one) => growthRow(one, result.unit)));
  }
  return `${results[0]!.case}: ${results[0]!.title}\n${aligned(table)}`;
}

/** The least width of each column, so that cases under each other look alike. */
const WIDTHS = [15, 21, 18, 15];

/** The last text of a line may be as long as it likes. */
function aligned(table: readonly (readonly string[])[]): string {
  const widths = WIDTHS.map((least, column) =>
    Math.max(least, ...table.map((row) => column < row.length - 1 ? row[column]!.length : 0))
  );
  return table.map((row) => {
    const cells = row.map((text, column) => text.padEnd(widths[column] ?? 0));
    return `  ${cells.join(' ').trimEnd()}\n`;
  }).join('');
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

function rows({ runtime, runtimeVersion, unit, contenders, comparisons, own }: Result): string[][] {
  return contenders.flatMap((contender, index) => {
    const { name } = contender;
    const where = index === 0 ? `${runtime} ${runtimeVersion}` : '';
    if ('absent' in contender) return [[where, name, `–  ${contender.absent}`]];
    const value = withSpread(contender.median, contender.mad, unit);
    if (index === 0) {
      const median = own.find(({ of }) => of === 'median');
      const limit = inColumn(median && limitOf(median, unit));
      return [[where, name, value, '', limit], ...otherRows(name, own, unit)];
    }
    const comparison = comparisons.find(({ peer }) => peer === name);
    if (comparison === undefined) return [[where, name, value]];
    const limit = inColumn(limitOf(comparison, unit));
    return [[where, name, value, relation(comparison, unit), limit]];
  });
}

function otherRows(name: string, own: readonly OwnFigure[], unit: Unit): string[][] {
  return own.filter(({ of }) => of !== 'median').map((one) => {
    const limit = inColumn(limitOf(one, unit));
    return ['', `${name}, ${one.of}`, inWords(one.value, unit), '', limit];
  });
}

function growthRow(growth: GrowthResult, unit: Unit): string[] {
  const { series, with: what, median, mad } = growth;
  const power = `${what} ^ ${median.toFixed(2)} ± ${mad.toFixed(2)}`;
  return ['', `${series}, all of it`, power, '', inColumn(limitOf(growth, unit))];
}

/** A limit in the column whose head is `at most`. */
function inColumn(limit: Limit | undefined): string {
  if (limit === undefined) return '';
  const { kind, amount, verdict } = limit;
  return `${kind === 'at most' ? '' : `${kind} `}${amount}  ${verdict}`;
}
