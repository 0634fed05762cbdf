// Kills copiers, collectors and removers at random moments, and looks at what they have left.
// usage: npm run kills -- [--count N] [--seed S] [--runtime node|deno|bun]
//
// Ends with 0 when every promise was kept, and with 1 when one was broken, or when no kill has hit
// the work itself.

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { anySeed } from '../support/random.ts';
import { runtime, runtimes, scriptCommand } from '../support/runtime.ts';
import { wholeNumber } from '../support/whole-number.ts';
import { collector } from './kills/collector.ts';
import { copier } from './kills/copier.ts';
import { Ground } from './kills/ground.ts';
import { killRounds } from './kills/kill-rounds.ts';
import { remover } from './kills/remover.ts';

const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  options: {
    count: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(anySeed()) },
    runtime: { type: 'string', default: runtime },
  },
});
const count = wholeNumber('--count', values.count);
const seed = wholeNumber('--seed', values.seed);
const on = runtimes.find((name) => name === values.runtime);
if (on === undefined) throw new Error(`--runtime must be one of ${runtimes.join(', ')}`);

// So that the directories are deleted.
process.on('SIGINT', () => process.exit(130));
if (on === runtime) {
  await main();
} else {
  const [command, ...rest] = scriptCommand('test/long/kills.ts', undefined, on);
  const { status } = spawnSync(command!, [...rest, ...args], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}

async function main(): Promise<void> {
  console.log(`kills on ${runtime}, seed ${seed}`);
  const ground = await Ground.make();
  for (const operation of [copier, collector, remover]) {
    const { took, killed, violations } = await killRounds(ground, operation, count, seed);
    const { before, middle, after } = killed;
    console.log(
      `${operation.name.padEnd(10)} takes ${took.toFixed(1)} ms; killed ${count} times: ` +
        `${before} before, ${middle} in the middle, ${after} after; ` +
        `${violations.length} violations`,
    );
    for (const violation of violations) console.log(`  ${violation}`);
    if (violations.length > 0 || middle === 0) process.exitCode = 1;
  }
  await ground.remove();
}
