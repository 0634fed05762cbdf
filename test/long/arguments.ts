// Gives the command line random arguments, and looks whether it ends as it says it does.
// usage: npm run arguments -- [--count N] [--seed S] [--runtime node|deno|bun]
//
// Ends with 0 when every list of arguments had a documented status, no stack trace, and changed no
// file on status 64. Otherwise it prints the shortest list that it finds, and ends with 1.

import process from 'node:process';
import { longRun } from '../support/long-run.ts';
import { argumentRounds } from './arguments/rounds.ts';

await longRun('arguments', 20000, async (count, seed) => {
  const began = performance.now();
  const { statuses, violation } = await argumentRounds(count, seed);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  for (const [status, times] of [...statuses].sort()) console.log(`  ${status}: ${times}`);
  console.log(`${count} lists of arguments in ${seconds} s`);
  if (violation === undefined) return;
  console.log(violation);
  process.exitCode = 1;
});
