// Gives up waits in every state, by every reason, and looks whether anything is left of them.
// usage: npm run aborts -- [--count N] [--seed S] [--runtime node|deno|bun]
//
// Ends with 0 when every promise was kept, and with 1 when one was broken, or when a state was
// never met.

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { anySeed } from '../support/random.ts';
import { runtime, runtimes, scriptCommand } from '../support/runtime.ts';
import { wholeNumber } from '../support/whole-number.ts';
import { abortRounds } from './aborts/abort-rounds.ts';

const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  options: {
    count: { type: 'string', default: '100000' },
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
  const [command, ...rest] = scriptCommand('test/long/aborts.ts', undefined, on);
  const { status } = spawnSync(command!, [...rest, ...args], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

async function main(): Promise<void> {
  console.log(`aborts on ${runtime}, seed ${seed}`);
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
}
