import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { exchangeRounds } from '../long/exchanges/exchange-rounds.ts';

/** How often each function is called beside each exchange; `npm run exchanges` has more. */
const CALLS = 8;

if (process.getuid!() === 0) {
  test('nobody who exchanges names leads root to the files of a third user', async () => {
    let [total, finished] = [0, 0];
    for await (const { what, done, exchanges, violations } of exchangeRounds(CALLS)) {
      assert.equal(violations, [], `${what}\n${violations.join('\n')}`);
      total += exchanges;
      finished += done;
    }
    assert.ok(total > 10_000, `${total} exchanges`);
    assert.ok(finished > 0, 'some calls found the runtime');
  });
} else console.log('skipped: files of other users need the superuser');

test.run();
