// Makes deliberate bugs in copies of the engine, and looks whether the torture finds each of them.
// usage: npm run mutations -- [--minutes N] [--seed S] [--only WORDS]
//
// WORDS are in the name of the bug. Ends with 0 when every bug was found within so many minutes, as
// what it is, and with 1 when one was not, or when there is no longer the place for it in the source.

import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { anySeed } from '../support/random.ts';
import { mutatedCopy } from './mutations/mutated-copy.ts';
import { mutations } from './mutations/mutations.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(anySeed()) },
    only: { type: 'string', default: '' },
  },
});
process.on('SIGINT', () => process.exit(130));
for (const mutation of mutations.filter(({ name }) => name.includes(values.only))) {
  const { name, found } = mutation;
  const home = mutatedCopy(mutation);
  const began = performance.now();
  const args = [
    `${home}/dist/test/long/torture.js`,
    '--minutes',
    values.minutes,
    '--seed',
    values.seed,
  ];
  const { status, stdout, stderr } = spawnSync('node', args, {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
    timeout: (Number(values.minutes) + 2) * 60_000,
    killSignal: 'SIGKILL',
  });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const first = found.exec(stdout);
  if (status === 1 && first !== null) {
    const line = stdout.slice(first.index).split('\n', 1)[0];
    console.log(`${name}: found in ${seconds} s\n  ${line}`);
    continue;
  }
  console.log(`${name}: not found in ${seconds} s, status ${status}, seed ${values.seed}`);
  console.log(stdout + stderr);
  process.exitCode = 1;
}
