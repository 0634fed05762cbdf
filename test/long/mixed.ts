// Has collectors, copiers and users on Node, Deno and Bun meet, and looks whether all promises hold.
// usage: npm run mixed -- [--seconds N] [--seed S]
//
// Ends with 0 when every promise was kept, and with 1 when one was broken, or when somebody has done
// nothing.

import process from 'node:process';
import { parseArgs } from 'node:util';
import { anySeed } from '../support/random.ts';
import { wholeNumber } from '../support/whole-number.ts';
import { hasContainers, idle, mix } from './mixed/mix.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(anySeed()) },
  },
});
const seconds = wholeNumber('--seconds', values.seconds);
const seed = wholeNumber('--seed', values.seed);

// So that the directories are deleted.
process.on('SIGINT', () => process.exit(130));
console.log(`mixed use for ${seconds} s, seed ${seed}`);
if (!hasContainers) console.log('without a container: bwrap is not installed, or fails here');
const { played, violations } = await mix(seconds, seed);
for (const { role, runtime, counts } of played) {
  const done = Object.entries(counts).sort().map(([what, times]) => `${times} ${what}`);
  console.log(`${role.padEnd(15)} ${runtime.padEnd(5)} ${done.join(', ')}`);
}
console.log(`${violations.length} violations`);
for (const violation of violations) console.log(`  ${violation}`);
const lazy = idle(played);
for (const one of lazy) console.log(`${one}: nothing was done`);
if (violations.length > 0 || lazy.length > 0) process.exitCode = 1;
