import { existsSync, linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { mustBlock } from '../support/must-block.ts';
import { type Program, startScript } from '../support/process.ts';
import { newFile, newPath } from '../support/temp.ts';

/** Starts the wrapper. */
function run(...args: string[]): Program {
  return startScript('src/cli/main.ts', ['run', ...args]);
}

/** Sends it a signal. Deno's `child.kill()` works once, and makes up the end of the child. */
function send(program: Program, signal: NodeJS.Signals): void {
  process.kill(program.child.pid!, signal);
}

/** Runs the wrapper to its end, which must be this status; gives the lines on stderr. */
async function ends(status: number, ...args: string[]): Promise<string[]> {
  const program = run(...args);
  const { code, signal } = await program.ended;
  assert.equal([code, signal], [status, null], program.stderr());
  return program.stderr().split('\n').slice(0, -1);
}

test('run leaves the options of its command alone', async () => {
  const program = run('--lock-file', newFile(), 'echo', '--write', '--help', '--', '-x');
  assert.is(await program.line(), '--write --help -- -x');
});

test('run locks each file under the toggles before it', async () => {
  const [shared, exclusive, again] = [newFile(), newPath(), newFile()];
  const program = run(
    ...['--lock-file', shared],
    ...['--create', '--write', '--lock-file', exclusive],
    ...['--no-create', '--no-write', '--lock-file', again],
    ...['sh', '-c', 'echo started; read line'],
  );
  assert.is(await program.line(), 'started');
  for (const path of [shared, again]) {
    assert.is(tryLock(path), undefined);
    tryLock(path, { mode: 'shared' })!.release();
  }
  assert.is(tryLock(exclusive, { mode: 'shared' }), undefined);
  program.send('end');
  assert.is((await program.ended).code, 0);
  for (const path of [shared, exclusive, again]) tryLock(path)!.release();

  const missing = newPath();
  await ends(69, '--create', '--no-create', '--lock-file', missing, 'true');
  assert.not(existsSync(missing));
  const busy = tryLock(shared)!;
  await ends(75, '--wait', '--no-wait', '--lock-file', shared, 'true');
  busy.release();
});

test('run --wait says so, waits, and then starts the command', async () => {
  const path = newFile();
  const lock = tryLock(path, { mode: 'shared' })!;
  const program = run('--wait', '--write', '--lock-file', path, 'echo', 'started');
  await mustBlock(path);
  const self = `held by pid ${process.pid} (`;
  const waiting = `reflock: waiting for "${path}" to lock it for writing: ${self}`;
  assert.ok(program.stderr().startsWith(waiting), program.stderr());
  lock.release();
  assert.is(await program.line(), 'started');
  assert.is((await program.ended).code, 0);
});

for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGUSR1'] as const) {
  test(`run that still waits ends by ${signal}`, async () => {
    const path = newFile();
    const lock = tryLock(path)!;
    const program = run('--wait', '--lock-file', path, 'echo', 'started');
    await mustBlock(path);
    send(program, signal);
    const end = await program.ended;
    const status = end.signal === null ? end.code : 128 + constants.signals[end.signal as 'SIGHUP'];
    assert.is(status, 128 + constants.signals[signal]);
    assert.is(await program.line(), undefined);
    lock.release();
    tryLock(path)!.release();
  });
}

test('run takes one lock when the same file is named more than once', async () => {
  const path = newFile();
  const hardLink = newPath();
  const symlink = newPath();
  linkSync(path, hardLink);
  symlinkSync(path, symlink);
  for (const other of [path, hardLink, symlink]) {
    const program = run(
      ...['--lock-file', path, '--wait', '--write', '--lock-file', other],
      ...['sh', '-c', 'echo started; read line'],
    );
    assert.is(await program.line(), 'started');
    assert.is(tryLock(path, { mode: 'shared' }), undefined, 'the stronger of the two');
    program.send('end');
    assert.is((await program.ended).code, 0);
  }
  const directory = newPath();
  mkdirSync(directory);
  const missing = `${directory}/new.ref`;
  const args = ['--create', '--write', '--lock-file', missing];
  await ends(0, ...args, '--lock-file', `${directory}/./new.ref`, 'true');
  assert.is(statSync(missing).size, 0);
});

test('run passes signals on to its command', async () => {
  const script = newPath();
  writeFileSync(
    script,
    `import signal, sys
names = {signal.Signals[name] for name in sys.argv[1:]}
signal.pthread_sigmask(signal.SIG_BLOCK, names)
print('ready', flush=True)
for _ in names: print(signal.Signals(signal.sigwait(names)).name, flush=True)
`,
  );
  const names = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;
  const program = run('--lock-file', newFile(), 'python3', script, ...names);
  assert.is(await program.line(), 'ready');
  for (const name of names) {
    send(program, name);
    assert.is(await program.line(), name);
  }
  assert.equal(await program.ended, { code: 0, signal: null });
});

test('run ends as its command does when that ends by a signal passed on', async () => {
  const program = run('--lock-file', newFile(), 'sh', '-c', 'echo started; exec sleep 60');
  assert.is(await program.line(), 'started');
  send(program, 'SIGTERM');
  assert.equal(await program.ended, { code: 128 + 15, signal: null });
});

test('--help, --version and unknown subcommands', async () => {
  const text = async (status: number, ...args: string[]) => {
    const program = startScript('src/cli/main.ts', args);
    const lines: string[] = [];
    for (let line; (line = await program.line()) !== undefined;) lines.push(line);
    assert.is((await program.ended).code, status);
    return [lines.join('\n'), program.stderr()];
  };
  const [all] = await text(0, '--help');
  assert.match(all!, /^usage: reflock SUBCOMMAND/);
  for (const word of ['run', 'use', 'copy', 'gc', 'rm', 'storm']) {
    assert.match(all!, new RegExp(`^  ${word} +\\w`, 'm'));
    const [help] = await text(0, word, '--help');
    assert.match(help!, new RegExp(`^usage: reflock ${word} `));
    assert.match(help!, /^example: reflock /m);
  }
  assert.match((await text(0, '--version'))[0]!, /^reflock \d+\.\d+\.\d+$/);
  assert.equal(await text(64, 'rnu'), [
    '',
    'reflock: Unknown subcommand "rnu"; did you mean "run"?\n',
  ]);
  assert.equal(await text(64, '--elp'), [
    '',
    'reflock: Unknown option "--elp"; see reflock --help\n',
  ]);
  assert.equal(await text(64), ['', 'reflock: No subcommand given; see reflock --help\n']);
});

test.run();
