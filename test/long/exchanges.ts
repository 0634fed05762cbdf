// Removes, collects, copies and uses as root what another user exchanges with links to a third user's
// files, as fast as a C program can.
// usage: npm run exchanges -- [--count N] [--runtime node|deno|bun]
//
// Ends with 0 when nothing of the third user's was reached, and with 1 when something was.

import process from 'node:process';
import { longRun } from '../support/long-run.ts';
import { exchangeRounds } from './exchanges/exchange-rounds.ts';

await longRun('exchanges', 500, async (count) => {
  for await (const { what, calls, done, exchanges, violations } of exchangeRounds(count)) {
    console.log(`${what}: ${calls} calls, ${done} done, ${exchanges} exchanges`);
    for (const violation of violations) console.log(`  ${violation}`);
    if (violations.length > 0) process.exitCode = 1;
  }
});
