import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Lock, tryLock } from '../../src/mod.ts';
import { testOfd } from '../support/kind.ts';
import { eventually, within } from '../support/eventually.ts';
import { mustBlock } from '../support/must-block.ts';
import { type Program, start, startScript } from '../support/process.ts';
import { scriptCommand } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';

const WAITS = 8;
/** Within this many milliseconds a program with blocked waits must have left. */
const LIMIT = 1000;

/**
 * Starts a program whose eight waits are all blocked in the kernel by locks of this process;
 * `prefix` is a command that turns into the program.
 */
async function blockedProgram(
  how: string,
  prefix: readonly string[] = [],
): Promise<{ program: Program; held: Lock[] }> {
  const files = Array.from({ length: WAITS }, newFile);
  const held = files.map((file) => tryLock(file)!);
  const script = scriptCommand('test/fixtures/leaving.ts');
  const program = start([...prefix, ...script, how, ...files]);
  assert.is(await program.line(), 'waiting', program.stderr());
  for (const file of files) await mustBlock(file);
  return { program, held };
}

/** The files can be had at once: nobody who has gone or given up holds them, or ever will. */
async function assertFree(held: Lock[]): Promise<void> {
  const files = held.map((lock) => lock.path);
  for (const lock of held) lock.release();
  for (const file of files) {
    const lock = tryLock(file);
    assert.ok(lock, `${file} is free as soon as its holder lets go`);
    lock!.release();
  }
  await Promise.resolve();
}

const endings = [
  { how: 'exit', name: 'process.exit(3)', status: { code: 3, signal: null } },
  { how: 'throw', name: 'an uncaught exception', status: { code: 1, signal: null } },
  { how: 'sigterm', name: 'SIGTERM', status: { code: null, signal: 'SIGTERM' } },
];

for (const { how, name, status } of endings) {
  test(`${name} ends a program with ${WAITS} blocked waits within ${LIMIT} ms`, async () => {
    const { program, held } = await blockedProgram(how);
    program.send('go');
    assert.equal(await within(LIMIT, `the end by ${name}`, program.ended), status);
    await assertFree(held);
  });
}

test(`close() ends ${WAITS} blocked waits, and the program with its script`, async () => {
  const { program, held } = await blockedProgram('close');
  program.send('go');
  assert.equal(
    await within(LIMIT, 'the end after close()', program.ended),
    { code: 0, signal: null },
    program.stderr(),
  );
  assert.is(await program.line(), Array(WAITS).fill('ERR_LOCK_CLOSED').join());
  const { waiters, stats } = JSON.parse((await program.line())!);
  assert.is(waiters, 0);
  const { held: left, blocked, parked, threads, grants, giveUps } = stats;
  assert.equal([left, blocked, parked, threads], [0, 0, 0, 0]);
  assert.equal([grants, giveUps], [0, WAITS]);
  await assertFree(held);
});

test(`an abort ends ${WAITS} blocked waits, and no lock turns up later`, async () => {
  const { program, held } = await blockedProgram('abort');
  program.send('go');
  const reasons = await within(LIMIT, 'the end of the waits', program.line());
  assert.is(reasons, Array(WAITS).fill('no longer wanted').join());
  const { waiters, stats } = JSON.parse((await program.line())!);
  assert.is(waiters, 0, 'no thread is left in the kernel');
  assert.is(stats.blocked, 0);
  await assertFree(held);
  assert.equal(
    await within(LIMIT, 'the end of the script', program.ended),
    { code: 0, signal: null },
    program.stderr(),
  );
});

test('an exit listener that throws does not keep the program from leaving', async () => {
  const { program, held } = await blockedProgram('exit-throws');
  program.send('go');
  await within(LIMIT, 'the end', program.ended);
  await assertFree(held);
});

test('a wait that an exit event has ended is not granted when the program lives on', async () => {
  const path = newFile();
  const held = tryLock(path)!;
  const program = startScript('test/fixtures/survived-exit.ts', [path]);
  assert.is(await within(5000, 'the outcome', program.line()), 'EINTR', program.stderr());
  await program.ended;
  await assertFree([held]);
});

testOfd('a Worker that waits for a lock can be terminated', async () => {
  const path = newFile();
  const held = tryLock(path)!;
  const program = startScript('test/fixtures/waiting-worker.ts', [path]);
  assert.is(await program.line(), 'waiting', program.stderr());
  program.send('go');
  assert.is(await within(LIMIT, 'the end of the worker', program.line()), 'terminated');
  assert.equal(await within(LIMIT, 'the end', program.ended), { code: 0, signal: null });
  await assertFree([held]);
});

for (const how of ['blocked', 'ignored']) {
  test(`an abort ends the waits of a program that was started with signals ${how}`, async () => {
    const exec = `import os, signal, sys
real_time = range(signal.SIGRTMIN, signal.SIGRTMAX + 1)
if '${how}' == 'blocked':
    signal.pthread_sigmask(signal.SIG_BLOCK, real_time)
else:
    for number in real_time:
        signal.signal(number, signal.SIG_IGN)
os.execv(sys.argv[1], sys.argv[1:])`;
    const { program, held } = await blockedProgram('abort', ['python3', '-c', exec]);
    program.send('go');
    const reasons = await within(LIMIT, 'the end of the waits', program.line());
    assert.is(reasons, Array(WAITS).fill('no longer wanted').join());
    await assertFree(held);
    await program.ended;
  });
}

test('a script that waited for one lock and released it ends by itself', async () => {
  const path = newFile();
  const held = tryLock(path)!;
  const program = startScript('test/fixtures/one-wait.ts', [path]);
  await mustBlock(path);
  held.release();
  assert.is(await program.line(), 'released');
  assert.equal(await within(LIMIT, 'the end of the script', program.ended), {
    code: 0,
    signal: null,
  });
  await eventually('the lock is free', () => {
    const lock = tryLock(path);
    lock?.release();
    return lock !== undefined;
  });
});

test('a pending wait keeps the program alive', async () => {
  const path = newFile();
  const locks = [tryLock(path)!];
  const program = startScript('test/fixtures/one-wait.ts', [path]);
  await mustBlock(path);
  let ended = false;
  program.ended.then(() => ended = true);
  // A second program goes through its whole life meanwhile, so the first has had its chance.
  const other = newFile();
  const short = startScript('test/fixtures/one-wait.ts', [other]);
  await short.ended;
  assert.not(ended);
  locks[0]!.release();
  assert.is(await program.line(), 'released');
});

test.run();
