import { execFileSync } from 'node:child_process';
import { readlinkSync, writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { testInContainer } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';
import { listFds, reflockInheriting } from '../support/inheriting.ts';
import { start, wrap } from '../support/process.ts';
import { ended, isFree, reflock } from '../support/reflock.ts';
import { runtime, scriptCommand } from '../support/runtime.ts';
import { startWithout } from '../support/seccomp.ts';
import { newFile, newPath } from '../support/temp.ts';

test('COMMAND sees its standard streams and what is passed, not the locks', async () => {
  const path = newFile();
  const locks = ['--lock-file', path, '--write', '--create', '--lock-file', newPath()];
  const inherited = '6</dev/null 7<. 8>&2';
  const cases: [string, string[]][] = [
    ['0 1 2', []],
    ['0 1 2', ['--fd', '7']],
    ['0 1 2 7', ['--pass-fd', '7']],
    ['0 1 2 6 8', ['--pass-fd=8', '--fd', '7', '--pass-fd=6']],
    ['0 1 2 7', ['--fd', '7', '--pass-fd', '7']],
    ['0 1 2', ['--pass-fd', '1']],
  ];
  const see = async (fds: string, ...options: string[]): Promise<void> => {
    const program = reflockInheriting(inherited, 'run', ...locks, ...options, ...listFds);
    assert.equal((await ended(program, 0)).out, [fds], options.join(' '));
  };
  for (const [fds, options] of cases) await see(fds, ...options);
  for (const how of ['--subreaper', '--exit-with-parent']) await see('0 1 2 7', how, '--pass-fd=7');
});

test('both ends of a pipe are passed, and what is on standard input may be anything', async () => {
  const script = `import os, subprocess, sys
reading, writing = os.pipe()
os.set_blocking(reading, False)
os.write(writing, b'x')
fds = [reading, writing]
options = [f'--pass-fd={fd}' for fd in fds]
command = ['python3', '-c', f'import os; print(os.read({reading}, 1))']
subprocess.run([*sys.argv[1:], *options, *command], pass_fds=fds, stdin=os.eventfd(0, 0))`;
  const command = [...scriptCommand('src/cli/main.ts'), 'run'];
  assert.equal((await ended(start(['python3', '-c', script, ...command]), 0)).out, ["b'x'"]);
});

test('COMMAND sees the locks too under --exec', async () => {
  const [first, second] = [newFile(), newFile()];
  const script = `import os
for fd in sorted(int(fd) for fd in os.listdir('/proc/self/fd')):
    if os.path.exists(f'/proc/self/fd/{fd}') and fd > 2: print(os.readlink(f'/proc/self/fd/{fd}'))`;
  const files = ['--lock-file', first, '--lock-file', second];
  for (const how of [[], ['--exit-with-parent']]) {
    const fds = ['--pass-fd', '8', '--fd', '9'];
    const args = ['run', '--exec', ...how, ...files, ...fds, 'python3', '-c', script];
    const program = reflockInheriting('7</dev/null 8</dev/zero 9</dev/full', ...args);
    assert.equal([...(await ended(program, 0)).out].sort(), [
      '/dev/full',
      '/dev/zero',
      first,
      second,
    ]);
  }
});

test('run --exec is COMMAND itself, and the lock lasts until the last of its processes', async () => {
  const path = newFile();
  const fifo = newPath();
  execFileSync('mkfifo', [fifo]);
  const script = `{ read line < ${fifo}; } >/dev/null 2>&1 & echo $$; read line`;
  const program = reflock('run', '--exec', '--write', '--lock-file', path, 'sh', '-c', script);
  const { pid } = program.child;
  assert.is(await program.line(), String(pid));
  assert.match(readlinkSync(`/proc/${pid}/exe`), /sh$/);
  assert.not(isFree(path));
  program.send('end');
  await program.ended;
  assert.not(isFree(path), 'the child it left behind has the lock');
  writeFileSync(fifo, 'go on\n');
  await eventually('the last process has let go', () => isFree(path));
});

test('run --fd keeps a lock that was inherited, and COMMAND does not have it', async () => {
  const path = newFile();
  // Python takes the lock and becomes the wrapper, which can only keep it.
  const script = `import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDWR)
F_OFD_SETLK = 37
fcntl.fcntl(fd, F_OFD_SETLK, struct.pack('hhqqi', fcntl.F_WRLCK, 0, 0, 0, 0))
os.dup2(fd, 9)
os.close(fd)
os.execvp(sys.argv[2], sys.argv[2:])`;
  const wrapper = [...scriptCommand('src/cli/main.ts'), 'run', '--fd', '9'];
  const command = ['sh', '-c', 'ls /proc/self/fd; echo started; read line'];
  const program = start(['python3', '-c', script, path, ...wrapper, ...command]);
  const lines: string[] = [];
  for (let line; (line = await program.line()) !== 'started';) lines.push(line!);
  assert.equal(lines, ['0', '1', '2', '3']);
  assert.not(isFree(path));
  program.send('end');
  await program.ended;
  assert.ok(isFree(path));
});

// Deno ends at once when an argument of its own program is not UTF-8.
const inWords = runtime === 'deno' ? 'snow\\342\\230\\203' : 'caf\\351 \\377 \\357\\277\\275';
test('the bytes of an argument reach COMMAND, whatever they are', () => {
  const odd = `printf '${inWords}'`;
  const bytesOf = (script: string, ...words: string[]) =>
    execFileSync('sh', ['-c', `{ ${script}; } | od -An -tx1`, 'sh', ...words]).toString();
  const expected = bytesOf(`${odd}; printf '|plain||'`);
  for (const how of [[], ['--exec'], ['--exit-with-parent']]) {
    const command = [...scriptCommand('src/cli/main.ts'), 'run', ...how];
    const script = `"$@" printf '%s|' "$(${odd})" plain ''`;
    assert.is(bytesOf(script, ...command), expected, how.join());
  }
});

testInContainer('COMMAND sees no more where the kernel has no close_range(2)', async () => {
  const command = [...scriptCommand('src/cli/main.ts'), 'run', '--lock-file', newFile()];
  const ENOSYS = 38;
  const program = wrap(startWithout(436, ENOSYS, [...command, ...listFds]));
  assert.equal((await ended(program, 0)).out, ['0 1 2']);
});

test('COMMAND starts with no signal blocked and the default actions', async () => {
  const script = `import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
for name in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1): signal.signal(name, signal.SIG_IGN)
os.execvp(sys.argv[1], sys.argv[1:])`;
  for (const how of [[], ['--exec'], ['--exit-with-parent']]) {
    const wrapper = [...scriptCommand('src/cli/main.ts'), 'run', ...how];
    const command = ['cat', '/proc/self/status'];
    const program = start(['python3', '-c', script, ...wrapper, ...command]);
    const zero = '0000000000000000';
    const { out } = await ended(program, 0);
    const signals = out.filter((line) => /^Sig(Blk|Ign|Cgt)/.test(line));
    // Deno has signal 32 ignored, which libc keeps for itself and does not let anybody set.
    signals[1] = signals[1]!.replace(/8(0{7})$/, '0$1');
    assert.equal(signals, [`SigBlk:\t${zero}`, `SigIgn:\t${zero}`, `SigCgt:\t${zero}`], how.join());
  }
});

test('a wrapper that was started with every signal blocked passes them on all the same', async () => {
  const script = `import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))
os.execvp(sys.argv[1], sys.argv[1:])`;
  const wrapper = [...scriptCommand('src/cli/main.ts'), 'run'];
  const command = [
    'sh',
    '-c',
    `trap 'echo TERM; exit 4' TERM; echo ready; while :; do sleep 0.05; done`,
  ];
  const program = start(['python3', '-c', script, ...wrapper, ...command]);
  assert.is(await program.line(), 'ready');
  program.child.kill('SIGTERM');
  assert.is(await program.line(), 'TERM');
  await program.ended;
});

test.run();
