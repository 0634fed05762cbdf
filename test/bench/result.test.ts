import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { report } from '../../bench/report.ts';
import { evaluate, missedBounds, noiseWarnings, type Result } from '../../bench/result.ts';

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
    },
    ...evaluate({ bounds }, samples, [{ name: 'other', absent: 'does not run here' }]),
  };
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

test('missedBounds() names case, runtime, peer and bound, and nothing when all is well', () => {
  assert.equal(missedBounds([result(samples, { C: 1.3 })]), [
    'try on node takes 1.40 times as long as C, more than 1.3',
  ]);
  assert.equal(missedBounds([result(samples, { C: 1.4 })]), []);
  assert.equal(missedBounds([result(samples, {})]), []);
});

test('missedBounds() names a difference that is larger than allowed', () => {
  const evaluated = evaluate({ bounds: {}, allowances: { C: 300 } }, samples, []);
  const base = result(samples, {});
  assert.is(evaluated.comparisons[0]!.difference.median, 400);
  assert.equal(missedBounds([{ ...base, ...evaluated }]), [
    'try on node takes 0.00 ms longer than C, more than 0.00 ms',
  ]);
  const allowed = evaluate({ bounds: {}, allowances: { C: 400 } }, samples, []);
  assert.equal(missedBounds([{ ...base, ...allowed }]), []);
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
  assert.equal(noiseWarnings([result(noisy, {})]), [], 'without a bound nothing depends on it');
});

test('report() shows figures, bounds, who is absent and what was missed', () => {
  const text = report([result(samples, { C: 1.3 })]);
  assert.match(text, 'Linux 6.0.0, 2 × CPU, ext4, load 0.50');
  assert.match(text, /node 1\.2\.3 +reflock +1\.40 ± 0\.10 µs\n/);
  assert.match(text, /C +1\.00 ± 0\.00 µs +× 1\.40 ± 0\.10 +1\.30 {2}MISSED\n/);
  assert.match(text, /other +– {2}does not run here\n/);
  assert.match(text, '\nmissed: try on node');
});

test('report() tells long times in milliseconds', () => {
  const long = { reflock: [[9_999_000]], C: [[12_345_678]] };
  const text = report([result(long, {})]);
  assert.match(text, / 9999\.00 ± 0\.00 µs\n/);
  assert.match(text, / 12\.35 ± 0\.00 ms /);
});

test.run();
