import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Holder, holders } from '../../src/mod.ts';
import { compileFixture } from '../support/compile.ts';
import { within } from '../support/eventually.ts';
import { testOfd } from '../support/kind.ts';
import { startLocker } from '../support/locker.ts';
import { type CopyToLookAt, copyToLookAt, programsThatLook } from '../support/looks.ts';
import { mustBlock } from '../support/must-block.ts';
import { type Program, start } from '../support/process.ts';
import { root, scriptCommand } from '../support/runtime.ts';
import { newFile, newPath } from '../support/temp.ts';

/** Far longer than a look takes, and as long as an attacker can keep it once. In milliseconds. */
const PROMPTLY = 20_000;
/** What a fixture ends with where the system does not let it. */
const CANNOT = 77;

/** Starts an attacker and waits for its line; `undefined`, having said so, where there can be none. */
async function attack(
  name: string,
  args: string[],
  prepare?: (attacker: Program) => Promise<void>,
): Promise<{ attacker: Program; line: string } | undefined> {
  const { command, why } = compileFixture(name);
  if (command === undefined) return skip(name, why);
  const attacker = start([command, ...args]);
  const ended = attacker.ended.then(() => {});
  if (prepare !== undefined) await Promise.race([prepare(attacker), ended]);
  const line = await within(10_000, `${name} has begun`, attacker.line());
  if (line !== undefined) return { attacker, line };
  assert.is((await attacker.ended).code, CANNOT, attacker.stderr());
  return skip(name, attacker.stderr().trim());
}

function newDirectory(): string {
  const path = newPath();
  mkdirSync(path);
  return path;
}

async function end(attacker: Program): Promise<void> {
  attacker.child.stdin!.end();
  assert.is((await attacker.ended).code, 0);
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
    const begun = await attack('unanswered', [newDirectory(), kind, copy.ref], async (attacker) => {
      await mustBlock(copy.ref);
      attacker.send('Answer no more.');
    });
    if (begun === undefined) return void await holder.end();
    const waiter = { pid: Number(begun.line), command: 'unanswered', mode: 'exclusive' };
    const written = await look(copy);
    const { files: [{ holders }] } = JSON.parse(written.get('status')!);
    for (const all of [holders, JSON.parse(written.get('holders()')!)]) {
      const { kind: _, ...last } = all.find((one: { waiting: boolean }) => one.waiting);
      assert.equal(last, { ...waiter, waiting: true });
    }
    await end(begun.attacker);
    await holder.end();
  });
}

test('a descriptor that becomes an epoll instance while one looks keeps nobody', async () => {
  const copy = copyToLookAt();
  const holder = await startLocker('posix', copy.ref);
  await holder.try('exclusive');
  const begun = await attack('withheld', [copy.ref]);
  if (begun === undefined) return void await holder.end();
  // Each program meets the instance about every second time.
  const written = await look(copy);
  assert.match(written.get('run')!, `held by pid ${holder.program.child.pid} (python3)`);
  await begun.attacker.kill();
  await holder.end();
});

test('a process that sits in execve(2) for good keeps nobody who looks', async () => {
  const copy = copyToLookAt();
  const holder = await startLocker('posix', copy.ref);
  await holder.try('exclusive');
  const begun = await attack('unanswered', [newDirectory(), 'exec']);
  if (begun === undefined) return void await holder.end();
  const written = await look(copy);
  assert.match(written.get('run')!, `held by pid ${holder.program.child.pid} (python3)`);
  await end(begun.attacker);
  await holder.end();
});

testOfd('a holder is named that has no name, or whose first thread has ended', async () => {
  const [one, other] = [newFile(), newFile()];
  const program = start(['python3', `${root}/test/fixtures/odd-holders.py`, one, other]);
  const pids = (await within(10_000, 'both hold', program.line()))!.split(' ').map(Number);
  const common = { mode: 'exclusive', kind: 'ofd', waiting: false };
  assert.equal(await holders(one), [{ ...common, pid: pids[0], command: '' }]);
  // Its first thread is a zombie as soon as it has ended, and until then it has the descriptors.
  const { pid, ...rest } = (await holders(other))[0]!;
  assert.equal([pid, rest], [pids[1], { ...common, command: 'python3' }]);
  await end(program);
});

(process.getuid!() === 0 ? testOfd : test.skip)(
  'what reads of other processes is not looked for in PATH',
  async () => {
    const path = newFile();
    const place = newDirectory();
    const trap = join(place, 'cat');
    writeFileSync(trap, `#!/bin/sh\ntouch ${place}/sprung\n`, { mode: 0o755 });
    const script = 'import os, sys\nos.setuid(65534)\nsys.stdin.read()';
    const holding =
      `import fcntl, struct, os, sys\nfd = os.open(${JSON.stringify(path)}, os.O_RDWR)\n` +
      'fcntl.fcntl(fd, 37, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))\nprint(flush=True)\n';
    const foreign = start(['python3', '-c', holding + script]);
    await foreign.line();
    const env = { ...process.env, PATH: place };
    const status = start([...scriptCommand('src/cli/main.ts'), 'status', '--json', path], { env });
    const { files: [{ holders }] } = JSON.parse((await status.line())!);
    assert.equal(holders.map(({ pid }: Holder) => pid), [foreign.child.pid]);
    assert.not(existsSync(join(place, 'sprung')));
    await end(foreign);
  },
);

test.run();
