// Commands on a kernel without open-file-description locks.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { hasContainers } from '../support/container.ts';
import { wrap } from '../support/process.ts';
import { isFree, sampleRuntime } from '../support/reflock.ts';
import { scriptCommand } from '../support/runtime.ts';
import { startUnder, withoutOfdLocks } from '../support/seccomp.ts';
import { newFile, newPath } from '../support/temp.ts';

const reflock = (...args: string[]) =>
  wrap(startUnder(withoutOfdLocks(), [...scriptCommand('src/cli/main.ts'), ...args]));

function testWithout(name: string, body: () => Promise<void>): void {
  if (hasContainers) return test(name, body);
  console.log(`skipped: ${name} needs bwrap`);
  test.skip(name, body);
}

for (const how of [[], ['--exec']]) {
  testWithout(`run ${how.join(' ')} holds its locks until the command ends`, async () => {
    const path = newFile();
    const words = ['--lock-file', path, '--', 'sh', '-c', 'echo here; read line'];
    const program = reflock('run', ...how, ...words);
    assert.is(await program.line(), 'here', program.stderr());
    assert.is(tryLock(path), undefined);
    tryLock(path, { mode: 'shared' })!.release();
    program.send('end');
    assert.equal(await program.ended, { code: 0, signal: null }, program.stderr());
    assert.ok(isFree(path));
  });
}

testWithout('run --exec with a lock on each of two files holds both', async () => {
  const files = [newFile(), newFile()];
  const locks = files.flatMap((file) => ['--lock-file', file]);
  const program = reflock('run', '--exec', ...locks, '--', 'sh', '-c', 'echo here; read line');
  assert.is(await program.line(), 'here', program.stderr());
  for (const file of files) assert.is(tryLock(file), undefined);
  program.send('end');
  await program.ended;
});

testWithout('use stays until what the command has left behind has ended', async () => {
  const runtime = sampleRuntime();
  // What runs in the background has no standard input.
  const left = 'exec 3<&0; { echo left; read line <&3; } & exit 3';
  const program = reflock('use', runtime, '--', 'sh', '-c', left);
  assert.is(await program.line(), 'left', program.stderr());
  assert.is(tryLock(join(runtime, '.ref')), undefined, 'still in use');
  program.send('end');
  assert.equal(await program.ended, { code: 3, signal: null }, program.stderr());
  assert.ok(isFree(join(runtime, '.ref')));
});

testWithout('copies are made, used and collected', async () => {
  const copies = newPath();
  mkdirSync(copies);
  const made = reflock('copy', sampleRuntime(), copies, '--', 'sh', '-c', 'echo {}; read line');
  const copy = await made.line();
  assert.ok(copy, made.stderr());
  assert.is(tryLock(join(copy!, '.ref')), undefined, 'in use');
  made.send('end');
  await made.ended;
  const collected = reflock('gc', '--json', copies);
  const report = JSON.parse((await collected.line())!);
  assert.is(report.deleted.length, 1, collected.stderr());
  await collected.ended;
});

test.run();
