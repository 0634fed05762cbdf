// Gives the command line random arguments, and looks whether it ends as it says it does.
// usage: npm run arguments -- [--count N] [--seed S] [--runtime node|deno|bun]
//
// Ends with 0 when every list of arguments had a documented status, no stack trace, and changed no
// file on status 64. Otherwise it prints the shortest list that it finds, and ends with 1.

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { anySeed } from '../support/random.ts';
import { runtime, runtimes, scriptCommand } from '../support/runtime.ts';
import { wholeNumber } from '../support/whole-number.ts';
import { argumentRounds } from './arguments/rounds.ts';

const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(anySeed()) },
    runtime: { type: 'string', default: runtime },
  },
});
const count = wholeNumber('--count', values.count);
const seed = wholeNumber('--seed', values.seed);
const on = runtimes.find((name) => name === values.runtime);
if (on === undefined) throw new Error(`--runtime must be one of ${runtimes.join(', ')}`);

// So that the files are deleted.
process.on('SIGINT', () => process.exit(130));
if (on === runtime) {
  await main();
} else {
  const [command, ...rest] = scriptCommand('test/long/arguments.ts', undefined, on);
  const { status } = spawnSync(command!, [...rest, ...args], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

async function main(): Promise<void> {
  console.log(`arguments on ${runtime}, seed ${seed}`);
  const began = performance.now();
  const { statuses, violation } = await argumentRounds(count, seed);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  for (const [status, times] of [...statuses].sort()) console.log(`  ${status}: ${times}`);
  console.log(`${count} lists of arguments in ${seconds} s`);
  if (violation === undefined) return;
  console.log(violation);
  process.exitCode = 1;
}
