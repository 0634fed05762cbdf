import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { testInContainer } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';
import { startLocker } from '../support/locker.ts';
import { type Program, start, startScript } from '../support/process.ts';
import { scriptCommand } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';

/** A new runtime with these directories, without a lock file. */
function runtime(...directories: string[]): string {
  const path = mkdtempSync(join(temp, 'runtime-'));
  for (const directory of directories) mkdirSync(join(path, directory), { recursive: true });
  return path;
}

/** Starts the wrapper. */
function use(...args: string[]): Program {
  return startScript('src/cli/main.ts', ['use', ...args]);
}

/** Whether the runtime could be deleted now. */
function isFree(ref: string): boolean {
  const lock = tryLock(ref);
  lock?.release();
  return lock !== undefined;
}

const layouts: [string, string[], string][] = [
  ['a deployment', ['files/bin', 'files/lib'], 'files/.ref'],
  ['a merged /usr', ['bin', 'lib'], '.ref'],
  ['a whole root filesystem', ['usr'], '.ref'],
];
for (const [what, directories, ref] of layouts) {
  test(`use keeps ${what} while the command runs`, async () => {
    const path = runtime(...directories);
    const program = use(path, '--', 'sh', '-c', 'echo started; read line; exit 5');
    assert.is(await program.line(), 'started');
    assert.not(isFree(join(path, ref)));
    tryLock(join(path, ref), { mode: 'shared' })!.release();
    program.send('end');
    assert.equal(await program.ended, { code: 5, signal: null });
    assert.ok(isFree(join(path, ref)));
  });
}

test('use goes without "--", and leaves the options of its command alone', async () => {
  const program = use(runtime('bin', 'lib'), 'echo', '--help', '--');
  assert.is(await program.line(), '--help --');
});

test('use lets the lock go with the last process that inherited it', async () => {
  const path = runtime('bin', 'lib');
  const ref = join(path, '.ref');
  const fifo = join(path, 'fifo');
  execFileSync('mkfifo', [fifo]);
  // The command ends at once and leaves a process behind, which waits for somebody to write.
  const program = use(path, 'sh', '-c', `(read line < '${fifo}') & exit 3`);
  const status = await new Promise((resolve) => program.child.on('exit', resolve));
  assert.is(status, 3);
  assert.not(isFree(ref), 'held by the process left behind');
  writeFileSync(fifo, 'end\n');
  await eventually('the lock is free', () => isFree(ref));
});

test('use protects a command that closes what it inherited, until the command ends', async () => {
  const path = runtime('bin', 'lib');
  const program = use(path, 'sh', '-c', 'exec 3<&-; echo closed; read line');
  assert.is(await program.line(), 'closed');
  assert.not(isFree(join(path, '.ref')), 'held by the wrapper');
  program.send('end');
  await program.ended;
  assert.ok(isFree(join(path, '.ref')));
});

test('use ends with 75 while somebody deletes the runtime, and names them', async () => {
  const path = runtime('bin', 'lib');
  const ref = join(path, '.ref');
  tryLock(ref, { create: true })!.release();
  const locker = await startLocker('ofd', ref);
  await locker.try('exclusive');
  const program = use(path, 'echo', 'started');
  assert.equal(await program.ended, { code: 75, signal: null });
  const holder = `held by pid ${locker.program.child.pid} (python3)`;
  assert.is(
    program.stderr(),
    `reflock: Cannot lock "${ref}" for reading: ${holder}: it is being deleted, so do not use it\n`,
  );
  assert.is(await program.line(), undefined);
  await locker.end();
});

test('use refuses what is no runtime, and bad usage', async () => {
  const fails = async (status: number, message: RegExp, ...args: string[]) => {
    const program = use(...args);
    assert.equal(await program.ended, { code: status, signal: null });
    assert.match(program.stderr(), message);
  };
  const empty = runtime();
  await fails(69, /^reflock: Cannot use ".*" as a runtime: it has no files\/.*\n$/, empty, 'true');
  assert.not(existsSync(join(empty, '.ref')));
  await fails(64, /^reflock: No runtime given.*\n$/);
  await fails(64, /^reflock: No command given.*\n$/, empty, '--');
  await fails(127, /^reflock: Cannot start "\/no\/such".*\n$/, runtime('usr'), '/no/such');
});

const readOnly = ['bwrap', '--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'];

testInContainer('use works with a .ref on a read-only mount', async () => {
  const path = runtime('bin', 'lib');
  const ref = join(path, '.ref');
  tryLock(ref, { create: true })!.release();
  const program = start([
    ...[...readOnly, '--', ...scriptCommand('src/cli/main.ts')],
    ...['use', path, 'sh', '-c', 'echo started; read line'],
  ]);
  assert.is(await program.line(), 'started', program.stderr());
  assert.not(isFree(ref));
  program.send('end');
  assert.is((await program.ended).code, 0);
});

testInContainer('use keeps a runtime for a real container, to its end', async () => {
  const path = runtime('bin', 'lib');
  const ref = join(path, '.ref');
  const program = use(
    ...[path, '--', ...readOnly, '--unshare-pid', '--die-with-parent'],
    ...['sh', '-c', 'echo started; read line; exit 7'],
  );
  assert.is(await program.line(), 'started', program.stderr());
  assert.not(isFree(ref));
  program.send('end');
  assert.equal(await program.ended, { code: 7, signal: null });
  await eventually('the lock is free', () => isFree(ref));
});

test.run();
