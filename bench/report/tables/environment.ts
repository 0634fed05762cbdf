import type { Result } from '../../result.ts';
import { missedBounds, noiseWarnings } from '../../verdicts.ts';
import { type Line, lines, type Row, RUNTIMES, runtimesOf, type Section } from './table.ts';

/** Where the figures come from, and which of them miss a limit or are in doubt. */
export function environmentSection(results: readonly Result[]): Section {
  const table = {
    id: 'machine',
    title: 'Machine and runtimes',
    head: ['', ''],
    rows: rows(results),
    narrow: 'keep',
  } as const;
  return {
    id: 'environment',
    title: 'Limits and machine',
    list: judgement(results),
    tables: [table],
  };
}

function rows(results: readonly Result[]): Row[] {
  const environments = results.map(({ environment }) => environment);
  const each = (tell: (environment: Result['environment']) => string): string[] => [
    ...new Set(environments.map(tell)),
  ];
  // Later ones are of the benchmark's own making.
  const load = environments[0]?.loadAverage[0];
  const facts: [string, string[]][] = [
    ['Date', ends(each(({ date }) => date.slice(0, 16).replace('T', ' ')).sort())],
    ['Kernel', each(({ kernel, architecture }) => `Linux ${kernel}, ${architecture}`)],
    ['Processor', each(({ cores, cpu }) => `${cores} × ${cpu}`)],
    ['Filesystem', each(({ filesystem }) => filesystem)],
    ['Load before', load === undefined ? [] : [load.toFixed(2)]],
    ...runtimesOf(results).map((runtime): [string, string[]] => [RUNTIMES[runtime], [
      ...new Set(
        results.filter((one) => one.runtime === runtime).map((one) => one.runtimeVersion),
      ),
    ]]),
  ];
  const versions = Object.assign({}, ...environments.map(({ versions }) => versions));
  facts.push(['Others', Object.entries(versions).map(([name, version]) => `${name} ${version}`)]);
  return facts.map(([name, texts]) => ({ name, cells: [lines(...texts)] }));
}

/** From the first to the last of sorted texts. */
function ends(texts: string[]): string[] {
  const first = texts[0] ?? '';
  const last = texts.at(-1) ?? '';
  return [first === last ? first : `${first} to ${last}`];
}

function judgement(results: readonly Result[]): Line[] {
  const missed = missedBounds(results);
  return [
    ...missed.length === 0 ? lines('Every limit is kept.') : [],
    ...missed.map((text) => ({ text: `MISSED: ${text}`, missed: true })),
    ...noiseWarnings(results).map((text) => ({ text: `Noise: ${text}` })),
  ];
}
