// Gives up waits in every state, by every reason, and looks whether anything is left of them.
// usage: npm run aborts -- [--count N] [--seed S] [--runtime node|deno|bun]
//
// Ends with 0 when every promise was kept, and with 1 when one was broken, or when a state was
// never met.

import process from 'node:process';
import { longRun } from '../support/long-run.ts';
import { abortRounds } from './aborts/abort-rounds.ts';

await longRun('aborts', 100000, async (count, seed) => {
  const began = performance.now();
  const { tally, violations } = await abortRounds(count, seed);
  for (const line of tally.lines()) console.log(line);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(
    `${tally.total} waits were given up in ${seconds} s, and ${tally.late} granted before that; ` +
      `${violations.length} violations`,
  );
  const missing = tally.missing();
  for (const line of [...violations, ...missing]) console.log(`  ${line}`);
  if (violations.length > 0 || missing.length > 0) process.exitCode = 1;
});
