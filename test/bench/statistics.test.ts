import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { figure, growth, perRound, ratio, tell } from '../../bench/statistics.ts';

test('figure() gives the median and the median absolute deviation', () => {
  assert.equal(figure([1, 1, 2, 2, 4, 6, 9]), { median: 2, mad: 1 });
});

test('perRound() gives the median of each round', () => {
  assert.equal(perRound([[5], [1, 2, 9], [4, 6]]), [5, 2, 5]);
});

test('tell() gives the median over rounds, and the others over all samples', () => {
  const samples = [[1, 2, 3], [5, 6, 7], [1, 6, 100]];
  assert.is(tell('median', samples), 6);
  assert.is(tell('maximum', samples), 100);
  const hundred = Array.from({ length: 101 }, (_, index) => [index]);
  assert.is(tell('p99', hundred), 99);
});

test('ratio() pairs what was measured in the same round', () => {
  // The machine halves its speed after the second round, which changes no ratio.
  const samples = { reflock: [[12], [13], [24], [26], [22]], C: [[10], [10], [20], [20], [20]] };
  const { rounds, median, mad } = ratio(samples, 'reflock', 'C');
  assert.equal(rounds, [1.2, 1.3, 1.2, 1.3, 1.1]);
  assert.is(median, 1.2);
  assert.ok(Math.abs(mad - 0.1) < 1e-9);
});

test('ratio() is not the ratio of the medians', () => {
  const samples = { reflock: [[1], [10], [100]], C: [[4], [100], [10]] };
  assert.is(figure([1, 10, 100]).median / figure([4, 100, 10]).median, 1);
  assert.is(ratio(samples, 'reflock', 'C').median, 0.25);
});

test('growth() fits the power of the size by which all of it costs', () => {
  // Costs of one among so many: in proportion, to the power 1.5, and the same altogether.
  const sizes = [10, 100, 1000];
  const points = sizes.map((size) => ({ size, cost: [7, 3 * Math.sqrt(size), 4 / size] }));
  const { rounds, median, mad } = growth(points);
  assert.equal(rounds.map((one) => Number(one.toFixed(9))), [1, 1.5, 0]);
  assert.is(Number(median.toFixed(9)), 1);
  assert.is(Number(mad.toFixed(9)), 0.5);
});

test.run();
