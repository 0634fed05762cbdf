// Has processes of all runtimes, a POSIX locker and containers lock the same files at random, kills and
// stops them, and looks whether all promises hold.
// usage: npm run torture -- [--minutes N] [--seed S] [--kind auto|ofd|process]
//
// Ends with 0 when every promise was kept, and with 1 when one was broken, or when something that
// belongs to it has never happened. What everybody does is written to a file, 20 MB a minute.

import process from 'node:process';
import { parseArgs } from 'node:util';
import type { LockOptions } from '../../src/mod.ts';
import { hasContainers } from '../support/container.ts';
import { anySeed } from '../support/random.ts';
import { wholeNumber } from '../support/whole-number.ts';
import { torture } from './torture/torture.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(anySeed()) },
    kind: { type: 'string', default: 'auto' },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, not ${values.minutes}`);
const seed = wholeNumber('--seed', values.seed);

// So that the files are deleted.
process.on('SIGINT', () => process.exit(130));
console.log(`torture for ${minutes} minutes, seed ${seed}`);
if (!hasContainers) console.log('without containers: bwrap is not installed, or fails here');
const kind = values.kind as NonNullable<LockOptions['kind']>;
const { violations, missing, circumstances, seconds, judge } = await torture(
  minutes * 60,
  seed,
  kind,
  ({ tally }) => console.log(`  ${tally.grants} acquisitions, ${tally.sum('kills')} kills so far`),
);
for (const line of judge.tally.lines()) console.log(line);
const kills = judge.tally.sum('kills');
const count = (what: string): number => violations.filter((one) => one.includes(what)).length;
console.log(
  `${judge.tally.grants} acquisitions and ${kills} kills in ${seconds.toFixed(0)} s: ` +
    `${count('overlap') + count('another file')} overlaps, ${count('asleep')} lost wake-ups, ` +
    `${count('left: ')} leaks, ${violations.length} violations`,
);
for (const line of missing) console.log(line);
if (violations.length > 0) {
  console.log(`seed ${seed}; the last that everybody wrote down:`);
  for (const line of judge.history.lines()) console.log(`  ${line}`);
  for (const line of circumstances) console.log(line);
  for (const violation of violations) console.log(violation);
}
if (violations.length > 0 || missing.length > 0) process.exitCode = 1;
