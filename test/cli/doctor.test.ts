import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Check } from '../../src/cli/doctor/finding.ts';
import { within as withinLimit } from '../../src/cli/doctor/within.ts';
import { container, testInContainer } from '../support/container.ts';
import { eventually, within } from '../support/eventually.ts';
import { holdBy, isLocked } from '../support/holding.ts';
import { type Program, start, wrap } from '../support/process.ts';
import { all, ended, ends } from '../support/reflock.ts';
import { root, scriptCommand } from '../support/runtime.ts';
import { startWithout } from '../support/seccomp.ts';
import { newFile, newPath } from '../support/temp.ts';
import { reflockOnTerminal, shownLines } from '../support/terminal.ts';

/** Those that lock. */
const LOCKING = ['conflict', 'close', 'inheritance', 'kill -9', 'holders'];
const NAMES = [
  ...['runtime', 'koffi', 'kernel', 'filesystem', 'directory', ...LOCKING, 'inotify', 'open files'],
];
const command = [...scriptCommand('src/cli/main.ts'), 'doctor'];

function newDirectory(): string {
  const path = newPath();
  mkdirSync(path);
  return path;
}

/** Gives what the doctor has found by its name. */
async function found(program: Program, status: number): Promise<Record<string, Check>> {
  const { out, err } = await ended(program, status);
  assert.equal(err, []);
  const { checks, ok } = JSON.parse(out.join('\n')) as { checks: Check[]; ok: boolean };
  assert.is(ok, status === 0);
  return Object.fromEntries(checks.map((check) => [check.name, check]));
}

function assertLeftOut(checks: Record<string, Check>, names: readonly string[]): void {
  for (const name of names) {
    assert.is(checks[name]!.state, 'warning', name);
    assert.match(checks[name]!.message, /^left out, as it needs "[a-z]+"$/, name);
  }
}

let marks = 0;
/** A setting of the environment that nobody else has. */
const newMark = (): string => `DOCTOR_TEST=${process.pid}-${++marks}`;

/** All processes with a mark: children inherit it. */
function processesWith(mark: string): { pid: number; command: string }[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger).flatMap((pid) => {
    try {
      const isMarked = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(mark);
      return isMarked ? [{ pid, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8') }] : [];
    } catch {
      return [];
    }
  });
}

/** Starts the doctor, and stops its lockers before they can answer anything. */
async function startStuck(mark: string, directory: string): Promise<Program> {
  const program = start(['env', mark, ...command, '--json', directory]);
  const stopped = new Set<number>();
  await eventually('two lockers', () => {
    for (const { pid, command } of processesWith(mark)) {
      if (!command.includes('locker-program') || stopped.has(pid)) continue;
      process.kill(pid, 'SIGSTOP');
      stopped.add(pid);
    }
    return stopped.size === 2;
  });
  return program;
}

test('doctor finds that locks work, and leaves nothing behind', async () => {
  const directory = newDirectory();
  const mark = newMark();
  const { out, err } = await ended(start(['env', mark, ...command, directory]), 0);
  assert.equal(err, []);
  assert.equal(out.map((line) => line.slice(0, 22)), [
    ...NAMES.map((name) => `ok       ${name.padEnd(13)}`),
    'locks work here',
  ]);
  assert.match(out[3]!, /^ok {7}filesystem {3}[\w.]+ on \/\S*, local$/);
  assert.equal(all(directory), []);
  await eventually('no process', () => processesWith(mark).length === 0);
});

test('doctor looks at the current directory when none is named', async () => {
  const directory = newDirectory();
  const { out } = await ended(start(command, { cwd: directory }), 0);
  assert.is(out[4], `ok       directory    files can be made in ${directory}`);
});

test('doctor --json prints the report', async () => {
  const directory = newDirectory();
  const { out, err } = await ends(0, 'doctor', '--json', directory);
  const { checks, ...rest } = JSON.parse(out.join('\n'));
  assert.equal([rest, err], [{ path: directory, ok: true }, []]);
  assert.equal(checks.map(({ name }: Check) => name), NAMES);
  for (const { name, message, ...rest } of checks) {
    assert.type(message, 'string');
    assert.equal(rest, { state: 'ok' }, name);
  }
});

test("doctor looks at a file too, and is in nobody's way there", async () => {
  const file = newFile();
  const holder = await holdBy('ofd', file, 'exclusive');
  const checks = await found(start([...command, '--json', file]), 0);
  assert.equal(Object.keys(checks), [...NAMES.slice(0, 5), 'file', ...NAMES.slice(5)]);
  assert.is(checks.file!.message, 'can be opened for shared and exclusive locks');
  assert.ok(isLocked(file));
  await holder.end();

  const fifo = join(newDirectory(), 'fifo');
  await start(['mkfifo', fifo]).ended;
  assert.is((await found(start([...command, '--json', fifo]), 1)).file!.state, 'failure');
});

testInContainer('doctor warns of a file that can only be read', async () => {
  const file = newFile();
  const readOnly = [...container, '--ro-bind', file, file];
  const { file: check } = await found(start([...readOnly, ...command, '--json', file]), 0);
  assert.is(check!.state, 'warning');
  assert.is(check!.message, 'can be opened for shared locks only');
});

testInContainer('doctor says what it cannot try in a directory that is read-only', async () => {
  const directory = newDirectory();
  const readOnly = [...container, '--ro-bind', directory, directory];
  const checks = await found(start([...readOnly, ...command, '--json', directory]), 1);
  assert.match(
    checks.filesystem!.message,
    new RegExp(` on ${directory}, local, mounted read-only$`),
  );
  assert.is(checks.directory!.state, 'failure');
  assert.match(
    checks.directory!.message,
    /^no file can be made in \/\S+ \(EROFS: read-only file system\)$/,
  );
  assert.match(checks.directory!.advice!, /name a directory that you may write to/);
  assertLeftOut(checks, [...LOCKING, 'inotify']);
  assert.is(checks['open files']!.state, 'ok');

  const { out } = await ended(start([...readOnly, ...command, directory]), 1);
  assert.is(out.at(-1), 'locks do not work here: 1 failure');
  assert.ok(out.includes('warning  conflict     left out, as it needs "directory"'));
});

test('doctor finds a kernel without OFD locks, on which others are taken', async () => {
  const without = ['python3', `${root}/test/fixtures/ofd-locks-answer.py`, '22', ...command];
  const checks = await found(start([...without, '--json', newDirectory()]), 0);
  assert.is(checks.kernel!.state, 'warning');
  assert.match(checks.kernel!.message, /^Linux \S+ has no open-file-description locks$/);
  assert.match(checks.kernel!.advice!, /process-associated ones are taken/);
  assert.is(checks.inheritance!.state, 'warning');
  for (const name of LOCKING.filter((name) => name !== 'inheritance')) {
    assert.is(checks[name]!.state, 'ok', name);
  }
});

test('doctor finds a kernel that refuses OFD locks', async () => {
  const without = ['python3', `${root}/test/fixtures/ofd-locks-answer.py`, '38', ...command];
  const checks = await found(start([...without, '--json', newDirectory()]), 1);
  assert.is(checks.kernel!.state, 'failure');
  assert.match(
    checks.kernel!.message,
    /^Linux \S+ refuses open-file-description locks \(ENOSYS from fcntl\)$/,
  );
  assert.match(checks.kernel!.advice!, /seccomp/);
  assertLeftOut(checks, LOCKING);
  assert.is(checks.inotify!.state, 'ok');
});

test('doctor finds locks that keep nobody out', async () => {
  const without = ['python3', `${root}/test/fixtures/ofd-locks-answer.py`, '0', ...command];
  const directory = newDirectory();
  const checks = await found(start([...without, '--json', directory]), 1);
  assert.is(checks.conflict!.state, 'failure');
  assert.is(
    checks.conflict!.message,
    'another process was given an exclusive lock, beside an exclusive lock',
  );
  assert.match(checks.conflict!.advice!, /local filesystem/);
  assertLeftOut(checks, LOCKING.slice(1));
  assert.equal(all(directory), []);
});

testInContainer('doctor says it when koffi cannot be loaded', async () => {
  const hidden = [...container, '--tmpfs', `${root}/node_modules/koffi`];
  const checks = await found(start([...hidden, ...command, '--json', newDirectory()]), 1);
  assert.is(checks.koffi!.state, 'failure');
  assert.match(checks.koffi!.message, /^libc cannot be loaded through koffi: /);
  assert.match(checks.koffi!.advice!, /install/);
  assertLeftOut(checks, ['kernel', ...LOCKING, 'inotify']);
  assert.is(checks.directory!.state, 'ok');
});

testInContainer('doctor warns where there is no inotify', async () => {
  const number = { x64: 294, arm64: 26 }[process.arch as 'x64' | 'arm64'];
  const EMFILE = 24;
  const directory = newDirectory();
  const program = wrap(startWithout(number, EMFILE, [...command, directory]));
  const { out } = await ended(program, 0);
  const line = out.findIndex((line) => line.startsWith('warning'));
  assert.is(out[line], 'warning  inotify      no inotify instance can be had');
  assert.match(out[line + 1]!, /^ {22}\S.*max_user_instances/);
  assert.is(out.at(-1), 'locks work here, with 1 warning');
});

test('doctor does not wait for ever for a lock call', async () => {
  const directory = newDirectory();
  const mark = newMark();
  const stuck = await startStuck(mark, directory);
  const checks = await within(20_000, 'the report', found(stuck, 1));
  assert.is(checks.conflict!.state, 'failure');
  assert.is(checks.conflict!.message, 'a try to lock a file (exclusive) took longer than 5 s');
  assertLeftOut(checks, LOCKING.slice(1));
  assert.equal(all(directory), []);
  assert.equal(processesWith(mark), []);
});

for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const) {
  test(`doctor leaves nothing behind after a ${signal}`, async () => {
    const directory = newDirectory();
    const mark = newMark();
    const program = await startStuck(mark, directory);
    await eventually('a file', () => all(directory).some((file) => file.startsWith('.reflock-')));
    process.kill(program.child.pid!, signal);
    // Sooner than what it waits for would have taken too long.
    const { out, err } = await within(4000, 'the end', ended(program, status));
    assert.equal(out, []);
    assert.equal(err, [`reflock: Interrupted by ${signal}: nothing is left of what was tried`]);
    assert.equal(all(directory), []);
    assert.equal(processesWith(mark), []);
  });
}

test('a wait does not mind what goes wrong when nobody waits any more', async () => {
  let fail: (error: Error) => void;
  const late = new Promise((_, reject) => fail = reject);
  const reason = new Error('interrupted');
  const given = await withinLimit('late', late, AbortSignal.abort(reason)).catch((error) => error);
  assert.is(given, reason);
  // Without a listener this would end the program.
  fail!(new Error('late'));
  await new Promise((resolve) => setTimeout(resolve));
});

test('doctor ends with 69 when there is no PATH, and with 64 for two', async () => {
  const missing = newPath();
  assert.equal((await ends(69, 'doctor', missing)).err, [
    `reflock: Cannot look at "${missing}": no such file or directory`,
  ]);
  const below = join(newFile(), 'file');
  assert.match((await ends(69, 'doctor', below)).err.join('\n'), /^reflock: Cannot look at .*$/);
  const [first, second] = [newDirectory(), newDirectory()];
  assert.equal((await ends(64, 'doctor', first, second)).err, [
    `reflock: Unknown argument "${second}"`,
  ]);
  assert.equal([all(first), all(second)], [[], []]);
});

test('doctor wraps lines for a terminal, and has colours only there', async () => {
  const directory = newDirectory();
  const { program, written } = reflockOnTerminal('doctor', directory);
  assert.is((await program.ended).code, 0);
  // The tests run with NO_COLOR, and colours would be an error of this.
  const lines = shownLines(written());
  for (const line of lines) assert.ok(line.length < 80, line);
  const wrapped = lines.findIndex((line) => line.startsWith('ok       conflict '));
  assert.match(lines[wrapped + 1]!, /^ {22}\S/);

  const env = ['env', '-u', 'NO_COLOR', 'TERM=xterm'];
  const coloured = start([
    ...['python3', `${root}/test/fixtures/on-terminal.py`, ...env, ...command, directory],
  ]);
  const { out } = await ended(coloured, 0);
  // deno-lint-ignore no-control-regex
  assert.match(out.join('\n'), /\x1b\[32mok\x1b\[39m {7}conflict /);
  const piped = await ended(start([...env, ...command, directory]), 0);
  assert.not(piped.out.join('\n').includes('\x1b'));
});

test.run();
