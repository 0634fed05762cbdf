import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { measureAll, type Plan, roundsOf } from '../../bench/measure-all.ts';
import { runtime } from '../support/runtime.ts';

const plan: Plan = { cases: [], runtimes: [], full: false };

test('roundsOf() gives a short run a third, and two at least where there are two', () => {
  const short = [1, 2, 3, 7, 100].map((rounds) => roundsOf({ rounds }, plan));
  assert.equal(short, [1, 2, 2, 3, 34]);
  assert.is(roundsOf({ rounds: 100 }, { ...plan, full: true }), 100);
  assert.is(roundsOf({ rounds: 100 }, { ...plan, full: true, rounds: 5 }), 5);
});

test('measureAll() begins nothing after the signal', async () => {
  // To begin with a case that there is not would be another error.
  const all = measureAll(
    { ...plan, cases: ['none'], runtimes: [runtime] },
    AbortSignal.abort(new Error('enough')),
  );
  try {
    await all.next();
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'enough');
  }
});

test.run();
