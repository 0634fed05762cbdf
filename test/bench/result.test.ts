import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Case } from '../../bench/cases/case.ts';
import type { RuntimeName } from '../../bench/place.ts';
import { caseText, headText, remarksOn } from '../../bench/report/terminal.ts';
import { evaluate, type Result } from '../../bench/result.ts';
import { missedBounds, noiseWarnings } from '../../bench/verdicts.ts';

function result(samples: Record<string, number[][]>, bounds: Record<string, number>): Result {
  return {
    case: 'try',
    title: 'something',
    runtime: 'node',
    runtimeVersion: '1.2.3',
    environment: {
      date: '',
      kernel: '6.0.0',
      architecture: 'x64',
      cpu: 'CPU',
      cores: 2,
      filesystem: 'ext4',
      loadAverage: [0.5, 0, 0],
      versions: {},
    },
    ...evaluate({ bounds }, 'node', samples, [{ name: 'other', absent: 'does not run here' }]),
  };
}

/** All that a terminal shows of one result. */
function report(result: Result): string {
  return headText(result) + caseText([result]) + remarksOn([result]).join('\n');
}

const samples = { reflock: [[1300], [1500], [1400]], C: [[1000], [1000], [1000]] };

test('evaluate() keeps the samples and compares the first contender with the others', () => {
  const { contenders, comparisons } = result(samples, { C: 1.3, other: 1 });
  assert.equal(contenders, [
    { name: 'reflock', median: 1400, mad: 100, samples: samples.reflock },
    { name: 'C', median: 1000, mad: 0, samples: samples.C },
    { name: 'other', absent: 'does not run here' },
  ]);
  assert.is(comparisons.length, 1);
  const { peer, median, rounds, bound } = comparisons[0]!;
  assert.equal({ peer, median, rounds, bound }, {
    peer: 'C',
    median: 1.4,
    rounds: [1.3, 1.5, 1.4],
    bound: 1.3,
  });
});

test('evaluate() copes with a case that nobody can do here', () => {
  const missing = [{ name: 'reflock', absent: 'no python3' }];
  const { own, contenders } = evaluate({ bounds: {}, limits: { median: 1 } }, 'node', {}, missing);
  assert.equal([own, contenders], [[], missing]);
});

test('missedBounds() names case, runtime, peer and bound, and nothing when all is well', () => {
  assert.equal(missedBounds([result(samples, { C: 1.3 })]), [
    'try on node: 1.40 times C, more than 1.3',
  ]);
  assert.equal(missedBounds([result(samples, { C: 1.4 })]), []);
  assert.equal(missedBounds([result(samples, {})]), []);
});

test('missedBounds() names a difference that is larger than allowed', () => {
  const evaluated = evaluate({ bounds: {}, allowances: { C: 300 } }, 'node', samples, []);
  const base = result(samples, {});
  assert.is(evaluated.comparisons[0]!.difference.median, 400);
  assert.equal(missedBounds([{ ...base, ...evaluated }]), [
    'try on node: 0.40 µs beyond C, more than 0.30 µs',
  ]);
  const allowed = evaluate({ bounds: {}, allowances: { C: 400 } }, 'node', samples, []);
  assert.equal(missedBounds([{ ...base, ...allowed }]), []);
});

function saving(floor: number, figures = samples): Result {
  const evaluated = evaluate({ bounds: {}, floors: { C: floor } }, 'node', figures, []);
  return { ...result(samples, {}), ...evaluated };
}

test('missedBounds() names what saves less than it should', () => {
  assert.is(saving(1.4).comparisons[0]!.floor, 1.4);
  assert.equal(missedBounds([saving(1.4)]), []);
  assert.equal(missedBounds([saving(5)]), ['try on node: 1.40 times C, less than 5']);
  assert.is(missedBounds([saving(1, { reflock: [[1]], C: [[NaN]] })]).length, 1);
});

test('missedBounds() does not take a figure that is none for a good one', () => {
  const nothing = { reflock: [[1]], C: [[NaN]] };
  assert.is(missedBounds([result(nothing, { C: 1.4 })]).length, 1);
});

test('noiseWarnings() tells which comparison varies too much, and what to do', () => {
  assert.equal(noiseWarnings([result(samples, { C: 1.4 })]), []);
  const noisy = { reflock: [[1000], [2000], [3000]], C: [[1000], [1000], [1000]] };
  const [warning, ...more] = noiseWarnings([result(noisy, { C: 9 })]);
  assert.match(warning!, /^try on node: the ratio to C varies by 50 % .*--rounds/);
  assert.equal(more, []);
  assert.is(noiseWarnings([saving(1, noisy)]).length, 1);
  assert.equal(noiseWarnings([result(noisy, {})]), [], 'without a bound nothing depends on it');
});

test('noiseWarnings() tells once that the machine was busy before', () => {
  const busy = result(samples, {});
  busy.environment.loadAverage = [1.5, 0, 0];
  const warning = 'the machine was not idle before: a load of 1.50 on 2 processors';
  assert.equal(noiseWarnings([busy, busy]), [warning]);
  // Later it is the benchmark that has kept it busy.
  assert.equal(noiseWarnings([result(samples, {}), busy]), []);
});

test('a terminal shows figures, bounds, who is absent and what was missed', () => {
  const text = report(result(samples, { C: 1.3 }));
  assert.match(text, 'Linux 6.0.0, 2 × CPU, ext4, load 0.50');
  assert.match(text, /node 1\.2\.3 +reflock +1\.40 ± 0\.10 µs\n/);
  assert.match(text, /C +1\.00 ± 0\.00 µs +× 1\.40 ± 0\.10 +1\.30 {2}MISSED\n/);
  assert.match(text, /other +– {2}does not run here\n/);
  assert.match(text, 'missed: try on node');
});

test('a terminal has its columns one below the other, however long a name is', () => {
  const long = 'reflock, 2 processes × 32 runtimes';
  const text = report(result({ [long]: [[1]], C: [[1]] }, { C: 2 }));
  const [own, peer] = text.split('\n').filter((line) => /µs/.test(line));
  assert.is(own!.indexOf('0.00 ±'), peer!.indexOf('0.00 ±'));
  assert.ok(own!.includes(`${long} 0.00`));
});

test('a terminal shows the least that a comparison may be', () => {
  assert.match(report(saving(1.3)), /C .* × 1\.40 ± 0\.10 +at least 1\.30 {2}kept\n/);
  assert.match(report(saving(5)), /C .* × 1\.40 ± 0\.10 +at least 5\.00 {2}MISSED\n/);
});

test('a terminal tells long times in milliseconds', () => {
  const long = { reflock: [[999_000]], C: [[12_345_678]] };
  const text = report(result(long, {}));
  assert.match(text, / 999\.00 ± 0\.00 µs\n/);
  assert.match(text, / 12\.35 ± 0\.00 ms /);
});

/** Rounds of many samples: the median of all is the median of the rounds'. */
const many = { reflock: [[1, 2, 3], [1, 2, 9], [2, 2, 16]], idle: [[1], [1], [1]] };

function counted(limits: Case['limits'], runtime: RuntimeName = 'node'): Result {
  const threads = { unit: 'threads', bounds: {}, allowances: { idle: { node: 1 } } } as const;
  const evaluated = evaluate({ ...threads, ...(limits && { limits }) }, runtime, many, []);
  return { ...result(samples, {}), runtime, ...evaluated };
}

test('evaluate() tells what is limited by itself, on runtimes without a limit too', () => {
  const limits = { median: { node: 3 }, p99: {}, maximum: 15 };
  const { own, unit } = counted(limits);
  assert.is(unit, 'threads');
  const p99 = own[1]!.value;
  assert.ok(p99 > 9 && p99 < 16, `${p99}`);
  assert.equal(own, [
    { of: 'median', value: 2, most: 3 },
    { of: 'p99', value: p99 },
    { of: 'maximum', value: 16, most: 15 },
  ]);
  assert.equal(counted(limits, 'deno').own, [
    { of: 'median', value: 2 },
    { of: 'p99', value: p99 },
    { of: 'maximum', value: 16, most: 15 },
  ]);
});

test('missedBounds() names a limit that is not kept, where it is one', () => {
  assert.equal(missedBounds([counted({ median: { node: 1 }, maximum: 16 })]), [
    'try on node: median 2 threads, more than 1 threads',
  ]);
  assert.equal(missedBounds([counted({ maximum: 15 })]), [
    'try on node: maximum 16 threads, more than 15 threads',
  ]);
  assert.equal(missedBounds([counted({ median: 2 })]), []);
  assert.equal(missedBounds([counted({ median: { node: 1 } }, 'bun')]), []);
});

test('missedBounds() takes an allowance for the runtimes that it names', () => {
  const more = { reflock: [[4]], idle: [[1]] };
  const limits = { unit: 'threads', bounds: {}, allowances: { idle: { node: 2 } } } as const;
  const on = (runtime: RuntimeName) =>
    missedBounds([{ ...counted({}, runtime), ...evaluate(limits, runtime, more, []) }]);
  assert.equal(on('node'), ['try on node: 3 threads beyond idle, more than 2 threads']);
  assert.equal(on('deno'), []);
});

test('missedBounds() takes no figure that is none for one within its limit', () => {
  const nothing = evaluate({ bounds: {}, limits: { median: 9 } }, 'node', { reflock: [[NaN]] }, []);
  assert.is(missedBounds([{ ...counted({}), ...nothing }]).length, 1);
});

test('a terminal shows what is limited by itself in rows of its own', () => {
  const text = report(counted({ median: { node: 2 }, p99: {}, maximum: 15 }));
  assert.match(text, /node 1\.2\.3 +reflock +2 ± 0 threads +2 threads {2}kept\n/);
  assert.match(text, /reflock, p99 +\d+\.\d\d threads\n/);
  assert.match(text, /reflock, maximum +16 threads +15 threads {2}MISSED\n/);
  assert.match(text, /idle +1 ± 0 threads +\+ 1 threads +1 threads {2}kept\n/);
});

/** Two of ours, whose cost for each grows with the square root, and one of somebody else. */
function grown(steepest?: number): Result {
  const samples = { 'reflock, 10': [[10]], 'reflock, 1000': [[100]], 'other, 10': [[20]] };
  const about = {
    'reflock, 10': { at: { series: 'reflock', size: 10 } },
    'reflock, 1000': { at: { series: 'reflock', size: 1000 } },
    'other, 10': { at: { series: 'other', size: 10 } },
  };
  const evaluated = evaluate(
    { bounds: {}, grows: 'waits', ...(steepest && { steepest }) },
    'node',
    samples,
    [],
    about,
  );
  return { ...result(samples, {}), ...evaluated };
}

test('evaluate() fits a curve to each series of several sizes, and limits our own', () => {
  const { growth } = grown();
  assert.equal(growth.map((one) => ({ ...one, median: Number(one.median.toFixed(9)) })), [
    { series: 'reflock', with: 'waits', median: 1.5, mad: 0, rounds: growth[0]!.rounds, most: 1.1 },
  ]);
  assert.equal(missedBounds([grown()]), [
    'try on node: reflock grows by the power 1.50 of the waits, more than 1.1',
  ]);
  assert.equal(missedBounds([grown(1.6)]), []);
});

test('evaluate() compares points of one curve or of one size, and no others', () => {
  const about = {
    'reflock, 10': { at: { series: 'reflock', size: 10 } },
    'other, 10': { at: { series: 'other', size: 10 } },
    'other, 99': { at: { series: 'other', size: 99 } },
    C: {},
  };
  const samples = { 'reflock, 10': [[1]], 'other, 10': [[1]], 'other, 99': [[1]], C: [[1]] };
  const { comparisons } = evaluate({ bounds: {} }, 'node', samples, [], about);
  assert.equal(comparisons.map(({ peer }) => peer), ['other, 10', 'C']);
});

test.run();
