import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../support/eventually.ts';
import { holdBy, isLocked } from '../support/holding.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { ended, ends, reflock, sampleRuntime } from '../support/reflock.ts';
import { root, scriptCommand } from '../support/runtime.ts';
import { newFile, newPath, temp } from '../support/temp.ts';
import { testInContainer } from '../support/container.ts';

/** A test that gives up rights, which only the superuser has. */
function testAsRoot(name: string, body: () => Promise<void>): void {
  if (process.getuid!() === 0) return test(name, body);
  console.log(`skipped: ${name} needs the superuser`);
  test.skip(name, body);
}

test('status tells in a table who holds and who waits, and for a free file that nobody does', async () => {
  const path = newFile();
  assert.equal((await ends(0, 'status', path)).out, [`nobody has a lock on ${path}`]);
  const holder = await startLocker('posix', path);
  await holder.try('exclusive');
  const waiter = await startLocker('ofd', path);
  const granted = waiter.wait('shared');
  await mustBlock(path);
  const { out, err } = await ends(0, 'status', path);
  assert.equal(out.map((line) => line.split(/ +/)), [
    ['KIND', 'MODE', 'STATE', 'PID', 'COMMAND', 'FILE'],
    ['POSIX', 'exclusive', 'holds', `${holder.program.child.pid}`, 'python3', path],
    ['OFD', 'shared', 'waits', `${waiter.program.child.pid}`, 'python3', path],
  ]);
  assert.equal(err, []);
  await holder.end();
  await granted;
  await waiter.end();
});

test('status looks at every .ref below a directory, and prints JSON', async () => {
  const directory = newPath();
  const files = ['.ref', 'a/.ref', 'a/b/c/.ref'].map((name) => `${directory}/${name}`);
  mkdirSync(`${directory}/a/b/c`, { recursive: true });
  for (const file of files) writeFileSync(file, '');
  writeFileSync(`${directory}/a/other`, '');
  symlinkSync('..', `${directory}/a/up`);
  const holder = await startLocker('ofd', files[1]!);
  await holder.try('shared');
  const { out: [json] } = await ends(0, 'status', '--json', directory);
  const report = JSON.parse(json!);
  const { pid } = holder.program.child;
  report.files.sort((a: { path: string }, b: { path: string }) => a.path < b.path ? -1 : 1);
  assert.equal(report, {
    files: files.map((path, index) => ({
      path,
      holders: index !== 1
        ? []
        : [{ pid, mode: 'shared', kind: 'ofd', waiting: false, command: 'python3' }],
      unseen: [],
    })),
    unreadable: [],
  });
  const { out } = await ends(0, 'status', `${directory}/a/b`);
  assert.equal(out, [`nobody has a lock on ${files[2]}`]);
  await holder.end();
});

test('status shows a lock once, however many names its file has, and says what it cannot look into', async () => {
  const directory = newPath();
  mkdirSync(`${directory}/tmp-1/usr`, { recursive: true });
  mkdirSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff])]));
  writeFileSync(`${directory}/tmp-1/usr/.ref`, '');
  symlinkSync('usr/.ref', `${directory}/tmp-1/.ref`);
  const holder = await startLocker('posix', `${directory}/tmp-1/.ref`);
  await holder.try('shared');
  const { out } = await ends(0, 'status', directory);
  assert.is(out.length, 3, out.join('\n'));
  assert.is(out[2], '1 entry cannot be looked into');
  await holder.end();
});

test('status names the command of reflock use, which inherits its lock', async () => {
  const runtime = sampleRuntime();
  const program = reflock('use', runtime, 'sh', '-c', 'echo $$; exec sleep 60');
  const pid = Number(await program.line());
  await eventually('the command is sleep', async () => {
    const { out: [json] } = await ends(0, 'status', '--json', runtime);
    const { files: [{ holders }] } = JSON.parse(json!);
    return holders.length === 2 &&
      holders.some((one: { pid: number; command: string }) =>
        one.pid === pid && one.command === 'sleep'
      ) &&
      holders.some((one: { pid: number }) => one.pid === program.child.pid);
  });
  process.kill(program.child.pid!, 'SIGTERM');
  await program.ended;
});

testInContainer('status names bwrap as who holds the .ref of its container', async () => {
  const path = newPath();
  const held = await holdBy('bwrap', path, 'shared');
  const { out } = await ends(0, 'status', path);
  assert.match(out[1]!, /^POSIX +shared +holds +\d+ +bwrap /);
  await held.end();
});

testAsRoot("status says what it cannot see: other users' processes", async () => {
  const path = newFile();
  const [ofd, posix] = [await startLocker('ofd', path), await startLocker('posix', path)];
  await ofd.try('shared');
  await posix.try('shared');
  assert.ok(isLocked(path));
  // Without capabilities the processes of a root that has them are somebody else's.
  const blind = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
  const program = start([...blind, ...scriptCommand('src/cli/main.ts'), 'status', path]);
  const { out } = await ended(program, 0);
  assert.equal(out.slice(1).map((line) => line.split(/ +/).slice(0, 5).join(' ')), [
    `POSIX shared holds ${posix.program.child.pid} python3`,
    'OFD shared holds ? ?',
    '? 1 lock of processes',
  ]);
  for (const locker of [ofd, posix]) await locker.end();
});

test('status ends with 69 for what is not there, and with 64 for --watch without a terminal', async () => {
  const missing = newPath();
  assert.equal((await ends(69, 'status', missing)).err, [
    `reflock: Cannot look at "${missing}": no such file or directory`,
  ]);
  assert.equal((await ends(64, 'status', '--watch', temp)).err, [
    'reflock: The option "--watch" needs a terminal, or goes with "--json"',
  ]);
});

test('status --watch --json prints a line each time, until a signal or the reader ends it', async () => {
  const path = newFile();
  const program = reflock('status', '--watch', '--json', path);
  const next = async () => JSON.parse((await program.line())!).files[0].holders.length;
  assert.is(await next(), 0);
  const holder = await startLocker('ofd', path);
  await holder.try('shared');
  let count = 0;
  while (count === 0) count = await next();
  assert.is(count, 1);
  process.kill(program.child.pid!, 'SIGINT');
  assert.equal(await program.ended, { code: 0, signal: null });
  await holder.end();
  const head = start([
    'sh',
    '-c',
    '"$@" | head -n 1 >/dev/null',
    'sh',
    ...scriptCommand('src/cli/main.ts'),
    ...['status', '--watch', '--json', path],
  ]);
  await ended(head, 0);
});

test('status has colours on a terminal, unless NO_COLOR is set', async () => {
  const path = newFile();
  const holder = await startLocker('ofd', path);
  await holder.try('shared');
  const onTerminal = ['python3', `${root}/test/fixtures/on-terminal.py`];
  const command = [...scriptCommand('src/cli/main.ts'), 'status', path];
  const colorful = async (...before: string[]): Promise<boolean> => {
    const { out } = await ended(start([...before, ...command]), 0);
    return out.join().includes('\x1b[32mholds');
  };
  assert.not(await colorful('env', '-u', 'NO_COLOR'), 'a pipe');
  assert.ok(await colorful('env', '-u', 'NO_COLOR', 'TERM=xterm', ...onTerminal));
  assert.not(await colorful('env', 'NO_COLOR=1', 'TERM=xterm', ...onTerminal));
  await holder.end();
});

test.run();
