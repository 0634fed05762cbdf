import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { htmlReport } from '../../../bench/report/html.ts';
import { markdownReport } from '../../../bench/report/markdown.ts';
import { sections } from '../../../bench/report/tables/sections.ts';
import type { Table } from '../../../bench/report/tables/table.ts';
import { tablesOfHtml, tablesOfMarkdown } from './read-back.ts';
import { HOSTILE, made, sampleResults } from './sample-results.ts';

const all = sections(sampleResults);
const tables = all.flatMap((section) => section.tables);

/** The texts of a row of a table, cell by cell. */
function row(id: string, name: string, group?: string): string[][] {
  const table: Table = tables.find((one) => one.id === id)!;
  const found = table.rows.find((one) => one.name === name && one.group === group)!;
  return found.cells.map((cell) => cell.map(({ text }) => text));
}

test('the web page and the Markdown file have the same cells', async () => {
  const ofHtml = tablesOfHtml(await htmlReport(sampleResults));
  const ofMarkdown = tablesOfMarkdown(markdownReport(sampleResults));
  assert.is(ofHtml.length, tables.length);
  assert.equal(ofHtml, ofMarkdown);
});

test('each number of the tables is in both forms', async () => {
  const forms = [
    tablesOfHtml(await htmlReport(sampleResults)),
    tablesOfMarkdown(markdownReport(sampleResults)),
  ];
  const told = tables.flatMap(({ rows }) => rows.flatMap(({ cells }) => cells.flat()));
  assert.ok(told.length > 50);
  for (const form of forms) {
    const shown = new Set(form.flat(3));
    for (const { text } of told) assert.ok(shown.has(text), text);
  }
});

test('a case has a row for each contender, with ratio and limit, and a column for each runtime', () => {
  assert.equal(row('case-hold', 'C'), [
    ['3.08 ± 1.54 µs', '× 1.43 ± 0.00', 'at most 1.00, MISSED'],
    ['8.80 ± 4.40 µs', '× 0.50 ± 0.00', 'at most 1.00, kept'],
    ['3.08 ± 1.54 µs', '× 1.43 ± 0.00', 'at most 1.00, MISSED'],
  ]);
  assert.equal(tables.find(({ id }) => id === 'case-hold')!.head, ['', 'Node', 'Deno', 'Bun']);
});

test("a case has rows for reflock's own figures, whose limits it tells", () => {
  assert.equal(row('case-hold', 'reflock')[0], [
    '4.40 ± 2.20 µs',
    'at most 0.00 µs, MISSED',
  ]);
  assert.match(row('case-hold', 'reflock, p99')[0]![0]!, /^\d+\.\d\d µs$/);
});

test('who is absent has a dash and a reason, and who does not belong there has nothing', () => {
  assert.equal(row('case-hold', 'fs-native-extensions').slice(1), [['–'], ['–']]);
  assert.equal(tables.find(({ id }) => id === 'case-hold')!.notes, [
    'fs-native-extensions is absent on Deno and Bun: needs <uv> & more.',
  ]);
  const [node, deno, bun] = row('case-hold', 'Deno FsFile.lock (flock)');
  assert.equal([node, bun], [[], []]);
  assert.is(deno!.length, 2);
});

test('a peer has a table of every case of times, by the size of a growth curve', () => {
  assert.equal(row('peer-fs-native-extensions', 'hold'), [
    ['× 0.67 ± 0.00', 'at most 9.00, kept'],
    [],
    [],
  ]);
  assert.equal(row('peer-fs-native-extensions', 'many-waits-growth, 10000 waits')[2], [
    '× 0.063 ± 0.000',
  ]);
  assert.is(tables.some(({ id }) => id === 'peer-idle'), false);
  assert.is(tables.some(({ title }) => title.startsWith('reflock')), false);
});

test('growth is told by series and runtime, with its limit', () => {
  assert.equal(row('growth-many-waits-growth', 'reflock')[1], [
    '1.20 ± 0.00',
    'at most 1.10, MISSED',
  ]);
  assert.equal(row('growth-many-waits-growth', 'fs-native-extensions')[1], ['1.50 ± 0.00']);
});

test('what is taken beside time is told of each contender that has it, on each runtime', () => {
  assert.equal(row('usage-hold', 'Bun', 'reflock'), [
    ['12.50 %'],
    ['3'],
    ['4.20 MB'],
    ['150.00 µs'],
  ]);
  assert.equal(row('usage-hold', 'Node', HOSTILE), [['99.00 %'], ['0'], ['0.00 MB'], []]);
  assert.is(tables.some(({ id }) => id === 'usage-threads'), false);
});

test('a ratio to nothing is not told, and a difference is', () => {
  assert.equal(row('case-threads', 'idle')[0], [
    '0 ± 0 threads',
    '+ 3 threads',
    'at most 1 threads, MISSED',
  ]);
  const spec = { unit: 'threads', bounds: {} } as const;
  const result = made('none', 'node', { title: '', spec, samples: { reflock: [[3]], no: [[0]] } });
  const cases = sections([result]).find(({ id }) => id === 'cases')!;
  assert.equal(cases.tables[0]!.rows[1]!.cells, [[{ text: '0 ± 0 threads' }]]);
});

test('missed limits and noise come first, by name', () => {
  const texts = all[0]!.list!.map(({ text }) => text);
  assert.ok(texts.includes('MISSED: hold on node: 1.43 times C, more than 1'), texts.join('\n'));
  assert.ok(all[0]!.list!.every(({ missed }) => missed));
  const samples = { reflock: [[1], [2], [3]], C: [[5], [5], [5]] };
  const noisy = made('noisy', 'bun', { title: '', spec: { bounds: { C: 1 } }, samples });
  const list = sections([noisy])[0]!.list!.map(({ text }) => text);
  assert.is(list[0], 'Every limit is kept.');
  assert.match(list[1]!, /^Noise: noisy on bun: the ratio to C varies by 50 %/);
});

test('machine and runtimes are told', () => {
  assert.equal(row('machine', 'Processor'), [['2 × CPU <8> & "more"']]);
  assert.equal(row('machine', 'Bun'), [['3.2.3']]);
  assert.equal(row('machine', 'Date'), [['2026-01-02 03:04']]);
});

test.run();
