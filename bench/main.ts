// Measures one case on the runtime that runs this, and prints the result as JSON. `measure-all.ts`
// does so for each case and runtime, in a process each: no case meets what another has left behind in
// the just-in-time compiler or in a thread pool.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { cases } from './cases/all.ts';
import { environment } from './environment.ts';
import { type Absent, type Contender, measureRounds } from './measure.ts';
import { endAtUncaught } from '../src/cli/uncaught.ts';
import { runtime, runtimeVersion } from './place.ts';
import { type About, evaluate, type Result } from './result.ts';

endAtUncaught();
const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { case: { type: 'string' }, rounds: { type: 'string' }, dir: { type: 'string' } },
});
const chosen = cases.find(({ name }) => name === values.case);
if (chosen === undefined) throw new Error(`There is no case "${values.case}"`);

// Whoever interrupts shall find no files left, nor programs at work.
for (const name of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => process.exit(128 + constants.signals[name]));
}
const dir = mkdtempSync(join(values.dir ?? tmpdir(), 'reflock-bench-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
const path = join(dir, 'bench.ref');
writeFileSync(path, '');

const where = environment(dir);
const all = chosen.contenders(path);
const contenders = all.filter((one): one is Contender => !('absent' in one));
const missing = all.filter((one): one is Absent => 'absent' in one);
const { samples, usage } = await measureRounds(contenders, Number(values.rounds ?? chosen.rounds));
for (const contender of contenders) contender.end?.();
const about = Object.fromEntries(
  contenders.map(({ name, at }): [string, About] => [
    name,
    { ...(at && { at }), ...(usage[name] && { usage: usage[name] }) },
  ]),
);
const result: Result = {
  case: chosen.name,
  title: chosen.title,
  runtime,
  runtimeVersion,
  environment: where,
  ...evaluate(chosen, runtime, samples, missing, about),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
