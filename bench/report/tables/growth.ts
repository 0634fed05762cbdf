import type { Result } from '../../result.ts';
import { limitOf } from '../words.ts';
import { byCase, type Cell, identifier, limitLine, lines, RUNTIMES, runtimesOf } from './table.ts';
import type { Section } from './table.ts';

/** How what each case costs grows with its size. */
export function growthSection(results: readonly Result[]): Section {
  const grown = results.filter(({ growth }) => growth.length > 0);
  const runtimes = runtimesOf(results);
  return {
    id: 'growth',
    title: 'Growth',
    about: 'The exponent tells how the cost of all together grows: in proportion to ' +
      'size ^ exponent. With 1, twice as many cost twice as much, and each costs the same.',
    tables: [...byCase(grown)].map(([name, ofCase]) => ({
      id: identifier('growth', name),
      title: `${name}, by ${ofCase[0]!.growth[0]!.with}`,
      head: ['', ...runtimes.map((runtime) => RUNTIMES[runtime])],
      rows: [...new Set(ofCase.flatMap(({ growth }) => growth.map(({ series }) => series)))]
        .map((series) => ({
          name: series,
          cells: runtimes.map((runtime) =>
            exponent(ofCase.find((one) => one.runtime === runtime), series)
          ),
        })),
      narrow: 'stack',
    })),
  };
}

function exponent(result: Result | undefined, series: string): Cell {
  const curve = result?.growth.find((one) => one.series === series);
  // What costs nothing at some size has no exponent.
  if (curve === undefined || !Number.isFinite(curve.median)) return [];
  const { median, mad } = curve;
  return [
    ...lines(`${median.toFixed(2)} ± ${mad.toFixed(2)}`),
    ...limitLine(limitOf(curve, result!.unit)),
  ];
}
