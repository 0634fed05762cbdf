import { mkdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileFixture } from '../support/compile.ts';
import { within } from '../support/eventually.ts';
import { testOfd } from '../support/kind.ts';
import { startLocker } from '../support/locker.ts';
import { type CopyToLookAt, copyToLookAt, programsThatLook } from '../support/looks.ts';
import { mustBlock } from '../support/must-block.ts';
import { type Program, start } from '../support/process.ts';
import { newPath } from '../support/temp.ts';

/** Far longer than a look takes, and as long as an attacker can keep it once. In milliseconds. */
const PROMPTLY = 20_000;
/** What a fixture ends with where the system does not let it. */
const CANNOT = 77;

/** Starts an attacker; `undefined`, having said so, where there can be none. */
async function attack(name: string, ...args: string[]): Promise<Program | undefined> {
  const { command, why } = compileFixture(name);
  if (command === undefined) return skip(name, why);
  const attacker = start([command, ...args]);
  // One that can begin says so, or waits for its line.
  if (args[0] === 'ofd' || args[0] === 'posix') await mustBlock(args[1]!);
  if (args[0] === 'ofd' || args[0] === 'posix') attacker.send('withhold');
  const begun = await within(10_000, `${name} has begun`, attacker.line());
  if (begun !== undefined) return attacker;
  const { code } = await attacker.ended;
  assert.is(code, CANNOT, attacker.stderr());
  return skip(name, attacker.stderr().trim());
}

function skip(name: string, why: string): undefined {
  console.log(`skipped: ${name}: ${why}`);
}

/** Runs all programs that look at the copy; each must end as if nobody were in their way. */
async function look(copy: CopyToLookAt): Promise<Map<string, string>> {
  const written = new Map<string, string>();
  for (const { name, command, status } of programsThatLook(copy)) {
    const program = start(command);
    const { code } = await within(PROMPTLY, `the end of ${name}`, program.ended);
    assert.is(code, status, `${name}: ${program.stderr()}`);
    written.set(name, await program.line() ?? program.stderr());
  }
  return written;
}

for (const kind of ['ofd', 'posix'] as const) {
  const testIt = kind === 'ofd' ? testOfd : test;
  testIt(`nobody who looks reads the memory of a waiter (${kind})`, async () => {
    const copy = copyToLookAt();
    const holder = await startLocker(kind, copy.ref);
    await holder.try('shared');
    const attacker = await attack('withheld', kind, copy.ref);
    if (attacker === undefined) return void await holder.end();
    const waiter = { pid: attacker.child.pid, command: 'withheld', mode: 'exclusive' };
    const written = await look(copy);
    const { files: [{ holders }] } = JSON.parse(written.get('status')!);
    for (const all of [holders, JSON.parse(written.get('holders()')!)]) {
      const { kind: _, ...last } = all.find((one: { waiting: boolean }) => one.waiting);
      assert.equal(last, { ...waiter, waiting: true });
    }
    await attacker.kill();
    await holder.end();
  });
}

test('a descriptor that becomes an epoll instance while one looks keeps nobody', async () => {
  const copy = copyToLookAt();
  const holder = await startLocker('posix', copy.ref);
  await holder.try('exclusive');
  const attacker = await attack('withheld', 'epoll', copy.ref);
  if (attacker === undefined) return void await holder.end();
  // Each program meets the instance about every second time.
  const written = await look(copy);
  assert.match(written.get('run')!, `held by pid ${holder.program.child.pid} (python3)`);
  await attacker.kill();
  await holder.end();
});

test('a process that sits in execve(2) for good keeps nobody who looks', async () => {
  const copy = copyToLookAt();
  const holder = await startLocker('posix', copy.ref);
  await holder.try('exclusive');
  const directory = newPath();
  mkdirSync(directory);
  const attacker = await attack('hung-exec', directory);
  if (attacker !== undefined) {
    const written = await look(copy);
    assert.match(written.get('run')!, `held by pid ${holder.program.child.pid} (python3)`);
    attacker.child.stdin!.end();
    assert.is((await attacker.ended).code, 0);
  }
  await holder.end();
});

test.run();
