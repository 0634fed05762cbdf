import type { Result } from '../../result.ts';
import type { Usage } from '../../usage.ts';
import { inWords } from '../../unit.ts';
import { byCase, type Cell, identifier, lines, type Row, RUNTIMES } from './table.ts';
import type { Section } from './table.ts';

/** What the contenders take of the process that they work in, beside time. */
export function usageSection(results: readonly Result[]): Section {
  return {
    id: 'usage',
    title: 'What they take beside time',
    about: 'Seen while each one warms up: processor time of all threads in percent of one ' +
      'processor, the most threads and resident memory that were added, and how late the event ' +
      'loop was. Where no lateness is told, the work is done inline.',
    tables: [...byCase(results)].map(([name, ofCase]) => ({
      id: identifier('usage', name),
      title: name,
      head: ['', 'Processor', 'Threads', 'Memory', 'Late, p99'],
      rows: rows(ofCase),
      narrow: 'keep' as const,
    })).filter(({ rows }) => rows.length > 0),
  };
}

function rows(results: readonly Result[]): Row[] {
  const names = new Set(results.flatMap(({ contenders }) => contenders.map(({ name }) => name)));
  return [...names].flatMap((group) =>
    results.flatMap(({ runtime, contenders }) => {
      const contender = contenders.find(({ name }) => name === group);
      if (contender === undefined || !('usage' in contender) || !contender.usage) return [];
      return { group, name: RUNTIMES[runtime], cells: cells(contender.usage) };
    })
  );
}

function cells({ processor, threads, memory, loopDelay }: Usage): Cell[] {
  return [
    lines(inWords(processor, 'percent')),
    lines(`${threads}`),
    lines(inWords(memory, 'bytes')),
    loopDelay === undefined ? [] : lines(inWords(loopDelay, 'nanoseconds')),
  ];
}
