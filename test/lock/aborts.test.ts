import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { abortRounds } from '../long/aborts/abort-rounds.ts';
import { kind } from '../support/kind.ts';
import { anySeed } from '../support/random.ts';

/** How many waits are given up at least; `npm run aborts` has more. */
const COUNT = kind === 'ofd' ? 2000 : 600;

test('a wait that is given up in any state, for any reason, leaves nothing', async () => {
  const seed = anySeed();
  const { tally, violations } = await abortRounds(COUNT, seed);
  assert.equal(violations, [], `seed ${seed}\n${violations.join('\n')}`);
  assert.equal(tally.missing(), [], `seed ${seed}\n${tally.lines().join('\n')}`);
});

test.run();
