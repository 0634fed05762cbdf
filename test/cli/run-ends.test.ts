import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../support/eventually.ts';
import { reflockInheriting } from '../support/inheriting.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { type Program, start } from '../support/process.ts';
import { isFree, reflock } from '../support/reflock.ts';
import { runtime, scriptCommand } from '../support/runtime.ts';
import { newFile, newPath } from '../support/temp.ts';

/** A command that says what signals it gets, and goes on until its file is there or it gets TERM. */
const listener = `for signal in HUP INT USR1; do trap "echo $signal" $signal; done
trap 'echo TERM; exit 9' TERM
echo ready $$
while :; do sleep 0.02; done`;

function signal({ child }: Program, name: NodeJS.Signals): void {
  process.kill(child.pid!, name);
}

function lives(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\tZ/m.test(statusOf(pid));
}

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

async function pidOf(program: Program): Promise<number> {
  const line = await program.line();
  assert.match(line ?? program.stderr(), /^ready \d+$/);
  return Number(line!.split(' ')[1]);
}

test('kill -9 of the wrapper: the command lives on, and the lock has gone', async () => {
  const path = newFile();
  const program = reflock('run', '--write', '--lock-file', path, 'sh', '-c', listener);
  const command = await pidOf(program);
  assert.not(isFree(path));
  signal(program, 'SIGKILL');
  await eventually('the lock is free', () => isFree(path));
  // It is nobody's business but ours any more.
  process.kill(command, 'SIGUSR1');
  assert.is(await program.line(), 'USR1');
  process.kill(command, 'SIGTERM');
  assert.is(await program.line(), 'TERM');
});

test('kill -9 of the wrapper with --exit-with-parent: the command gets SIGTERM', async () => {
  const path = newFile();
  const args = ['--exit-with-parent', '--write', '--lock-file', path];
  const program = reflock('run', ...args, 'sh', '-c', listener);
  const command = await pidOf(program);
  signal(program, 'SIGKILL');
  assert.is(await program.line(), 'TERM');
  await eventually('the command has ended', () => !lives(command));
  await eventually('the lock is free', () => isFree(path));
});

/** Starts the wrapper below a shell that says which pid it has, and then waits. */
function below(...args: string[]): Program {
  const command = [...scriptCommand('src/cli/main.ts'), 'run', ...args];
  return start(['sh', '-c', `"$@" <&0 & echo parent; wait`, 'sh', ...command]);
}

for (const how of [[], ['--exec']]) {
  test(`the end of the parent ends the command too with --exit-with-parent ${how}`, async () => {
    const path = newFile();
    const args = [...how, '--exit-with-parent', '--write', '--lock-file', path];
    const parent = below(...args, 'sh', '-c', listener);
    assert.is(await parent.line(), 'parent');
    const command = await pidOf(parent);
    signal(parent, 'SIGKILL');
    assert.is(await parent.line(), 'TERM');
    await eventually('the lock is free', () => isFree(path));
    // With --exec the command has the lock itself, and closes it a moment before it is gone.
    await eventually('the command has ended', () => !lives(command));
  });
}

test('without it, the end of the parent changes nothing', async () => {
  const path = newFile();
  const parent = below(
    '--no-exit-with-parent',
    '--write',
    '--lock-file',
    path,
    'sh',
    '-c',
    listener,
  );
  assert.is(await parent.line(), 'parent');
  const command = await pidOf(parent);
  signal(parent, 'SIGKILL');
  await eventually(
    'it is adopted',
    () => !statusOf(wrapperOf(command)).includes(`\nPPid:\t${parent.child.pid}\n`),
  );
  assert.not(isFree(path));
  process.kill(command, 'SIGTERM');
  assert.is(await parent.line(), 'TERM');
  await eventually('the lock is free', () => isFree(path));
});

function wrapperOf(command: number): number {
  return Number(/^PPid:\t(\d+)/m.exec(statusOf(command))![1]);
}

test('the end of the parent ends a wrapper that still waits, with --exit-with-parent', async () => {
  const path = newFile();
  const started = newPath();
  const locker = await startLocker('posix', path);
  await locker.try('exclusive');
  const parent = below('--exit-with-parent', '--wait', '--lock-file', path, 'touch', started);
  await mustBlock(path);
  signal(parent, 'SIGKILL');
  await mustBlock(path, 0);
  await locker.end();
  await eventually('the lock is free', () => isFree(path));
  // Its output ends with the wrapper.
  assert.is(await parent.line(), 'parent');
  assert.is(await parent.line(), undefined);
  assert.not(existsSync(started));
});

test('the same with every signal blocked and SIGTERM ignored at the start', async () => {
  const path = newFile();
  const locker = await startLocker('posix', path);
  await locker.try('exclusive');
  const script = `import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])`;
  const command = [...scriptCommand('src/cli/main.ts'), 'run', '--exit-with-parent', '--wait'];
  const words = ['python3', '-c', script, ...command, '--lock-file', path, 'true'];
  const parent = start(['sh', '-c', `"$@" & echo parent; wait`, 'sh', ...words]);
  await mustBlock(path);
  signal(parent, 'SIGKILL');
  await mustBlock(path, 0);
  await locker.end();
});

test('a signal that comes before the command is itself waits for it', async () => {
  // At whatever moment of the start it comes.
  for (const delay of [0, 10, 20, 30, 40, 50, 60]) {
    const program = reflock('run', '--verbose', '--exit-with-parent', 'sleep', '60');
    await eventually('something is started', () => program.stderr().includes('started pid'));
    await new Promise((resolve) => setTimeout(resolve, delay));
    signal(program, 'SIGUSR1');
    assert.equal(await program.ended, { code: 128 + 10, signal: null }, program.stderr());
    assert.not.match(program.stderr(), /Debugger/);
  }
});

test('reflock run -- nohup COMMAND outlives the terminal, and so do the locks', async () => {
  const path = newFile();
  const command = ['nohup', 'python3', '-c', 'import time; print("ready", flush=True); input()'];
  const program = reflock('run', '--write', '--lock-file', path, ...command);
  assert.is(await program.line(), 'ready');
  signal(program, 'SIGHUP');
  signal(program, 'SIGHUP');
  await eventually(
    'it was passed on',
    () => statusOf(program.child.pid!).includes('\nShdPnd:\t0000000000000000\n'),
  );
  assert.not(isFree(path));
  program.send('');
  assert.equal(await program.ended, { code: 0, signal: null });
  assert.ok(isFree(path));
});

test('nohup reflock run goes on at SIGHUP, but for Node, which cannot see that it should', async () => {
  const command = scriptCommand('src/cli/main.ts');
  const program = start(['nohup', ...command, 'run', 'sh', '-c', 'echo ready $$; exec sleep 60']);
  const pid = await pidOf(program);
  signal(program, 'SIGHUP');
  if (runtime !== 'node') {
    const ignored = BigInt(`0x${/^SigIgn:\t(\w+)/m.exec(statusOf(pid))![1]}`);
    assert.is(ignored & 1n, 1n, 'the command ignores it too');
    signal(program, 'SIGTERM');
    assert.equal(await program.ended, { code: 128 + 15, signal: null });
  } else {
    assert.equal(await program.ended, { code: 128 + 1, signal: null });
  }
});

test('a stopped command keeps its locks, and ends by a signal as soon as it goes on', async () => {
  const path = newFile();
  const program = reflock('run', '--write', '--lock-file', path, 'sh', '-c', listener);
  const command = await pidOf(program);
  process.kill(command, 'SIGSTOP');
  await eventually('it is stopped', () => statusOf(command).includes('\nState:\tT'));
  assert.not(isFree(path));
  signal(program, 'SIGTERM');
  const SIGTERM = 1n << 14n;
  await eventually('the signal waits', () => {
    const [, pending] = /^ShdPnd:\t(\w+)/m.exec(statusOf(command))!;
    return (BigInt(`0x${pending}`) & SIGTERM) !== 0n;
  });
  assert.is(program.child.exitCode, null);
  assert.not(isFree(path));
  process.kill(command, 'SIGCONT');
  assert.is(await program.line(), 'TERM');
  assert.equal(await program.ended, { code: 9, signal: null });
  assert.ok(isFree(path));
});

test('kill -9 of a stopped command ends the wrapper with 137', async () => {
  const program = reflock('run', 'sh', '-c', listener);
  const command = await pidOf(program);
  process.kill(command, 'SIGSTOP');
  process.kill(command, 'SIGKILL');
  assert.equal(await program.ended, { code: 128 + 9, signal: null });
});

test("whoever reads the command's output sees its end when the command closes it", async () => {
  const path = newFile();
  const fifo = newPath();
  execFileSync('mkfifo', [fifo]);
  for (const how of [[], ['--subreaper'], ['--exit-with-parent']]) {
    const script = `echo last; exec >&- 2>&-; read line < ${fifo}; exit 6`;
    const args = ['run', ...how, '--write', '--lock-file', path, 'sh', '-c', script];
    // The wrapper inherits its own output once more.
    const program = reflockInheriting('7>&1 8>&2', ...args);
    const closed = new Promise((resolve) => program.child.stderr!.once('close', resolve));
    assert.is(await program.line(), 'last');
    assert.is(await program.line(), undefined, 'the end of stdout');
    await closed;
    assert.ok(lives(program.child.pid!));
    assert.not(isFree(path));
    writeFileSync(fifo, 'go on\n');
    assert.is((await program.ended).code, 6);
    assert.ok(isFree(path));
  }
});

test('run --fd keeps what it is told to keep, even if that is the output of the command', async () => {
  const program = reflockInheriting(
    '7>&1',
    'run',
    '--fd',
    '7',
    'sh',
    '-c',
    'echo $$; exec sleep 60',
  );
  await program.line();
  const [kept, stdout] = [7, 1].map((fd) => () =>
    readlinkSync(`/proc/${program.child.pid}/fd/${fd}`)
  );
  await eventually('the wrapper has let go of its output', () => stdout!() === '/dev/null');
  assert.match(kept!(), /^(pipe|socket):/);
  signal(program, 'SIGTERM');
  await program.ended;
});

test('whoever writes to the command sees when it closes its input', async () => {
  const fifo = newPath();
  execFileSync('mkfifo', [fifo]);
  const program = reflock('run', 'sh', '-c', `exec <&-; echo closed; read line < ${fifo}`);
  assert.is(await program.line(), 'closed');
  // Nobody else has the reading end.
  await eventually(
    'the wrapper has let go of it',
    () => readlinkSync(`/proc/${program.child.pid}/fd/0`) === '/dev/null',
  );
  writeFileSync(fifo, 'go on\n');
  await program.ended;
});

test('the streams of the command block, as they were handed to the wrapper', async () => {
  // Node makes a pipe non-blocking for everybody who has it as soon as it is looked at.
  const script = `import os; print(os.get_blocking(0), os.get_blocking(1), os.get_blocking(2))`;
  const command = [
    ...scriptCommand('src/cli/main.ts'),
    'run',
    '--create',
    '--lock-file',
    newPath(),
  ];
  const text = `cat | "$@" python3 -c '${script}' 2>&1 | cat`;
  const program = start(['sh', '-c', text, 'sh', ...command]);
  program.child.stdin!.end();
  assert.is(await program.line(), 'True True True');
});

test.run();
