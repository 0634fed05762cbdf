import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { argumentRounds } from '../long/arguments/rounds.ts';
import { anySeed } from '../support/random.ts';

/** How many lists are tried; `npm run arguments` has more. */
const COUNT = 40;

test('random arguments end with a documented status, and change nothing on wrong usage', async () => {
  const seed = anySeed();
  const { violation } = await argumentRounds(COUNT, seed);
  assert.is(violation, undefined, `seed ${seed}\n${violation}`);
});

test.run();
