import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { holdElsewhere } from '../support/elsewhere.ts';
import { within } from '../support/eventually.ts';
import { prepareFaults } from '../support/faults.ts';
import { start } from '../support/process.ts';
import { scriptCommand } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';

/** Within so many milliseconds each step must be done: after five seconds, and more on a busy machine. */
const LIMIT = 15_000;

const prepared = prepareFaults();
const why = 'why' in prepared ? prepared.why : prepared.canHang ? undefined : 'before Linux 5.19';
if (why !== undefined) console.log(`skipped: calls that no signal ends: ${why}`);
const testStuck = why === undefined ? test : test.skip;

const ends = [
  { how: 'exit', name: 'process.exit(3)', says: [], status: 3 },
  { how: 'error', name: 'an error that nobody catches', says: [], status: 1 },
  {
    how: 'close',
    name: 'close() and the end of the script',
    says: ['ERR_LOCK_CLOSED 0 0', 'end'],
    status: 0,
  },
  { how: 'abort', name: 'an abort and the end of the script', says: ['enough', 'end'], status: 0 },
];

for (const { how, name, says, status } of ends) {
  testStuck(`${name} ends a program with a thread that is stuck`, async () => {
    const { command, env } = prepared as Exclude<typeof prepared, { why: string }>;
    const path = newFile();
    const held = holdElsewhere(path);
    const script = scriptCommand('test/fixtures/stuck.ts');
    const program = start([...command, ...script, how, path], { env: { ...process.env, ...env } });
    for (const line of ['stuck', ...says]) {
      assert.is(await within(LIMIT, line, program.line()), line, program.stderr());
    }
    assert.equal(await within(LIMIT, 'the end', program.ended), { code: status, signal: null });
    assert.is(/uncaught on purpose/.test(program.stderr()), how === 'error', program.stderr());
    held.release();
    holdElsewhere(path).release();
  });
}

test.run();
