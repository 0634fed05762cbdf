import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compare, otherDifferences } from '../../bench/compare.ts';
import type { Result } from '../../bench/result.ts';

/** A result with one round for each sample. */
function result(samples: Record<string, number[]>, more: Partial<Result> = {}): Result {
  const contenders = Object.entries(samples).map(([name, values]) => ({
    name,
    median: values[0]!,
    mad: 0,
    samples: values.map((value) => [value]),
  }));
  return { case: 'try', runtime: 'node', contenders, ...more } as Result;
}

const times = (factor: number, values: number[]) => values.map((value) => value * factor);
const reversed = (values: number[]) => [...values].reverse();
const quiet = [100, 101, 99, 102, 98, 100, 101, 99, 100];
const noisy = [100, 300, 40, 220, 80, 170, 50, 260, 100];

function verdict(before: Result, after: Result) {
  return compare([before], [after]).map(({ contender, verdict }) => `${contender}: ${verdict}`);
}

test('compare() sees what takes twice as long, beside C', () => {
  const before = result({ reflock: quiet, C: reversed(quiet), other: quiet });
  const [change, ...more] = compare([before], [
    result({ reflock: times(2, quiet), C: reversed(quiet), other: times(2, quiet) }),
  ]);
  assert.equal(more, []);
  const { factor, spread, ...rest } = change!;
  const same = { case: 'try', runtime: 'node', contender: 'reflock', beside: 'C' };
  assert.equal(rest, { ...same, verdict: 'slower' });
  assert.is(Number(factor.toFixed(9)), 2);
  assert.ok(spread > 1 && spread < 1.2, `${spread}`);
});

test('compare() makes nothing of a machine that has become slower for everybody', () => {
  const before = result({ reflock: quiet, C: quiet });
  assert.equal(verdict(before, result({ reflock: times(3, quiet), C: times(3, quiet) })), [
    'reflock: same',
  ]);
  // With nobody beside it is not known who has become slower.
  assert.equal(verdict(result({ reflock: quiet }), result({ reflock: times(3, quiet) })), [
    'reflock: slower',
  ]);
});

test('compare() takes a quarter for the difference of two processes, however sure it is', () => {
  const long = Array.from({ length: 20 }, () => quiet).flat();
  const before = result({ reflock: long, C: long });
  const after = (factor: number) => result({ reflock: times(factor, long), C: long });
  assert.equal(verdict(before, after(1.25)), ['reflock: same']);
  assert.equal(verdict(before, after(1.4)), ['reflock: slower']);
  assert.equal(verdict(before, after(0.7)), ['reflock: faster']);
});

test('compare() does not decide what noise may have done', () => {
  const before = result({ reflock: noisy, C: quiet });
  assert.equal(verdict(before, result({ reflock: times(1.8, noisy), C: quiet })), [
    'reflock: unclear',
  ]);
});

test('compare() takes the first one who was there both times when C was not', () => {
  const before = result({ reflock: quiet, C: quiet, other: quiet });
  const [change] = compare([before], [result({ reflock: quiet, other: quiet })]);
  assert.is(change!.beside, 'other');
});

test('compare() takes somebody with as many of what is counted', () => {
  const sized = () => {
    const one = result({ 'reflock, 9': quiet, 'C, 1': noisy, 'C, 9': quiet, other: quiet });
    const sizes = [9, 1, 9, undefined];
    one.contenders.forEach((contender, index) => {
      const size = sizes[index];
      if (size !== undefined) Object.assign(contender, { at: { series: 'any', size } });
    });
    return one;
  };
  assert.equal(compare([sized()], [sized()]).map(({ beside }) => beside), ['C, 9']);
});

test('compare() compares of a growth curve the largest size, and what has none', () => {
  const sized = () => {
    const one = result({ 'reflock, 1': quiet, 'reflock, 9': quiet, 'reflock, at once': quiet });
    Object.assign(one.contenders[0]!, { at: { series: 'reflock', size: 1 } });
    Object.assign(one.contenders[1]!, { at: { series: 'reflock', size: 9 } });
    return one;
  };
  assert.equal(compare([sized()], [sized()]).map(({ contender }) => contender), [
    'reflock, 9',
    'reflock, at once',
  ]);
});

test('compare() takes our own figures alone where a case says so', () => {
  const slowly = (factor: number) =>
    result({ reflock: times(factor, quiet), C: times(factor, quiet) }, { alone: true });
  const [change] = compare([slowly(1)], [slowly(3)]);
  assert.equal([change!.verdict, change!.beside], ['slower', undefined]);
});

test('compare() is not sure of few rounds, even if they agree', () => {
  const few = [100, 100];
  const [change] = compare([result({ reflock: few })], [result({ reflock: times(1.8, few) })]);
  assert.is(change!.verdict, 'same');
  const many = Array.from({ length: 40 }, () => 100);
  const [sure] = compare([result({ reflock: many })], [result({ reflock: times(1.8, many) })]);
  assert.is(sure!.verdict, 'slower');
});

test('compare() judges each of our figures, and those that are small by their difference', () => {
  const before = result({ reflock: [1], 'reflock, twice': [2], idle: [1] });
  assert.is(compare([before], [before]).length, 2);
  const late = (value: number) => result({ reflock: [value], idle: [1] }, { tolerance: 10 });
  assert.equal(verdict(late(1), late(10)), ['reflock: same']);
  assert.equal(verdict(late(1), late(12)), ['reflock: slower']);
  assert.equal(verdict(late(12), late(1)), ['reflock: faster']);
});

test('compare() compares a case with itself on the same runtime, and nothing that is not there', () => {
  const before = [result({ reflock: [1] }), result({ reflock: [50, 50] }, { runtime: 'bun' })];
  const after = [
    result({ reflock: [60, 60] }, { runtime: 'bun' }),
    result({ reflock: [1] }, { case: 'await' }),
  ];
  const changes = compare(before, after);
  assert.equal(changes.map(({ case: name, runtime, verdict }) => [name, runtime, verdict]), [
    ['try', 'bun', 'same'],
  ]);
  const absent = result({});
  absent.contenders = [{ name: 'reflock', absent: 'does not run here' }];
  assert.equal(compare([absent], [result({ reflock: [1] })]), []);
});

test('otherDifferences() names what else has changed, once', () => {
  const on = (kernel: string, koffi: string): Result =>
    result({}, {
      runtimeVersion: '20.1.0',
      environment: {
        date: '',
        kernel,
        architecture: 'x64',
        cpu: 'CPU',
        cores: 2,
        filesystem: 'ext4',
        loadAverage: [0, 0, 0],
        versions: { koffi },
      },
    });
  assert.equal(otherDifferences([on('6.0', '3.3.4')], [on('6.0', '3.3.4')]), []);
  assert.equal(otherDifferences([on('6.0', '3.3.4')], [on('6.1', '3.4.0'), on('6.1', '3.4.0')]), [
    'the kernel was 6.0 before, and is 6.1 now',
    'koffi was 3.3.4 before, and is 3.4.0 now',
  ]);
});

test.run();
