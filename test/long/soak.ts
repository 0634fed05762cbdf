// Has one engine lock under mixed load for a long time, beside POSIX lockers, and looks whether memory,
// descriptors and threads are then what they were after the first minute.
// usage: npm run soak -- [--minutes N] [--seed S] [--runtime node|deno|bun]
//
// Ends with 0 when they are, and with 1 when there is more of something, or when a promise was broken.

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { anySeed } from '../support/random.ts';
import { runtime, runtimes, scriptCommand } from '../support/runtime.ts';
import { wholeNumber } from '../support/whole-number.ts';
import { collectGarbageNow, collectsGarbage } from './soak/collect.ts';
import { soak } from './soak/soak.ts';

/** How each runtime lets a program collect its garbage. */
const FLAGS = { node: ['--expose-gc'], deno: ['--v8-flags=--expose-gc'], bun: [] };

const args = process.argv.slice(2);
const { values } = parseArgs({
  args,
  options: {
    minutes: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(anySeed()) },
    runtime: { type: 'string', default: runtime },
  },
});
const minutes = wholeNumber('--minutes', values.minutes);
const seed = wholeNumber('--seed', values.seed);
const on = runtimes.find((name) => name === values.runtime);
if (on === undefined) throw new Error(`--runtime must be one of ${runtimes.join(', ')}`);
if (minutes < 2) {
  throw new Error('--minutes must be 2 or more: the first one is what the last is measured by');
}
process.on('SIGINT', () => process.exit(130));
if (on === runtime && collectsGarbage) {
  console.log(`soak on ${runtime} for ${minutes} minutes, seed ${seed}`);
  const violations = await soak(minutes, seed, collectGarbageNow, (line) => console.log(line));
  for (const violation of violations) console.log(violation);
  if (violations.length > 0) process.exitCode = 1;
} else {
  const [program, ...rest] = scriptCommand('test/long/soak.ts', undefined, on);
  // After `deno run`, and before the script.
  const at = on === 'deno' ? 1 : 0;
  const command = [...rest.slice(0, at), ...FLAGS[on], ...rest.slice(at), ...args];
  const { status } = spawnSync(program!, command, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
