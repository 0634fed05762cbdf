import type { RuntimeName } from '../../place.ts';
import type { ContenderResult, Result } from '../../result.ts';
import type { Statistic } from '../../statistics.ts';
import { inWords, withSpread } from '../../unit.ts';
import { limitOf, relation, sentence } from '../words.ts';
import { byCase, type Cell, identifier, limitLine, lines, type Row } from './table.ts';
import { RUNTIMES, runtimesOf, type Section, type Table } from './table.ts';

/** Each case: what each contender takes on each runtime. */
export function casesSection(results: readonly Result[]): Section {
  const runtimes = runtimesOf(results);
  return {
    id: 'cases',
    title: 'Cases',
    about: 'Medians over the rounds, and how far they usually lie from it (± median absolute ' +
      'deviation). “× 0.50” beside another one means: reflock takes half of what it takes, ' +
      'compared round by round. Less is better everywhere.',
    tables: [...byCase(results)].map(([name, ofCase]) => caseTable(name, ofCase, runtimes)),
  };
}

function caseTable(
  name: string,
  results: readonly Result[],
  runtimes: readonly RuntimeName[],
): Table {
  const names = new Set(results.flatMap(({ contenders }) => contenders.map(({ name }) => name)));
  const row = (name: string, of?: Statistic): Row => ({
    name: of === undefined ? name : `${name}, ${of}`,
    cells: runtimes.map((runtime) => {
      const result = results.find((one) => one.runtime === runtime);
      if (result === undefined) return [];
      return of === undefined ? figureCell(result, name) : ownCell(result, of);
    }),
  });
  const [first = '', ...others] = names;
  const own = new Set(results.flatMap(({ own }) => own.map(({ of }) => of)));
  own.delete('median');
  return {
    id: identifier('case', name),
    title: name,
    about: sentence(results[0]!.title),
    head: ['', ...runtimes.map((runtime) => RUNTIMES[runtime])],
    rows: [row(first), ...[...own].map((of) => row(first, of)), ...others.map((one) => row(one))],
    notes: absences(results),
    narrow: 'stack',
  };
}

function figureCell({ contenders, comparisons, own, unit }: Result, name: string): Cell {
  const contender = contenders.find((one) => one.name === name);
  if (contender === undefined) return [];
  if ('absent' in contender) return lines('–');
  const comparison = comparisons.find(({ peer }) => peer === name);
  const median = contender === contenders[0] ? own.find(({ of }) => of === 'median') : undefined;
  const limited = comparison ?? median;
  return [
    ...lines(
      withSpread(contender.median, contender.mad, unit),
      comparison && relation(comparison, unit),
    ),
    ...limited === undefined ? [] : limitLine(limitOf(limited, unit)),
  ];
}

function ownCell({ own, unit }: Result, of: Statistic): Cell {
  const figure = own.find((one) => one.of === of);
  if (figure === undefined) return [];
  return [...lines(inWords(figure.value, unit)), ...limitLine(limitOf(figure, unit))];
}

/** Who is absent where and why; what is the same on several runtimes is told once. */
function absences(results: readonly Result[]): string[] {
  const where = new Map<string, string[]>();
  for (const { runtime, contenders } of results) {
    for (const { name, absent } of contenders.filter(isAbsent)) {
      const told = JSON.stringify([name, absent]);
      where.set(told, [...where.get(told) ?? [], RUNTIMES[runtime]]);
    }
  }
  return [...where].map(([told, runtimes]) => {
    const [name, why] = JSON.parse(told);
    return `${name} is absent on ${runtimes.join(' and ')}: ${why}.`;
  });
}

function isAbsent(one: ContenderResult): one is Extract<ContenderResult, { absent: string }> {
  return 'absent' in one;
}
