import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Contender, measureRounds, time } from '../../bench/measure.ts';

/** A contender that notes when it is called. */
function noting(name: string, turns: string[]): Contender {
  return { name, count: 3, measure: (count) => (turns.push(name), [count, count]) };
}

test('measureRounds() gives each contender one turn a round, and each is first in turn', async () => {
  const turns: string[] = [];
  const contenders = ['A', 'B', 'C'].map((name) => noting(name, turns));
  const { samples } = await measureRounds(contenders, 4);
  assert.equal(turns.slice(-12).join(''), 'ABCBCACABABC');
  assert.equal(samples, {
    A: [[3, 3], [3, 3], [3, 3], [3, 3]],
    B: [[3, 3], [3, 3], [3, 3], [3, 3]],
    C: [[3, 3], [3, 3], [3, 3], [3, 3]],
  });
});

test('measureRounds() has no turn before the first one for who is measured cold', async () => {
  const turns: string[] = [];
  await measureRounds([{ ...noting('A', turns), cold: true }], 2);
  assert.is(turns.join(''), 'AA');
});

test('measureRounds() fits the count to the time of a round', async () => {
  const counts: number[] = [];
  const measure = (count: number): Promise<number[]> => {
    counts.push(count);
    return time(count, (count) => new Promise((resolve) => setTimeout(resolve, count)));
  };
  await measureRounds([{ name: 'slow', measure }], 1);
  const last = counts.at(-1)!;
  assert.ok(last >= 1 && last < 100, `${last} times about 1 ms in a round of 20 ms`);
});

test('time() gives the nanoseconds of one time', async () => {
  const [sample] = await time(10, () => new Promise((resolve) => setTimeout(resolve, 50)));
  assert.ok(sample! >= 4.9e6, `${sample} ns`);
});

test.run();
