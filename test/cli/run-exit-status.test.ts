import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { description } from '../../src/cli/descriptions/run.ts';
import { Failure } from '../../src/cli/failure.ts';
import { readOptions } from '../../src/cli/read-options.ts';
import { readPlan } from '../../src/cli/run/plan.ts';
import { testInContainer } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';
import { reflockInheriting } from '../support/inheriting.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { start, wrap } from '../support/process.ts';
import { ended, ends, reflock } from '../support/reflock.ts';
import { runtime, scriptCommand } from '../support/runtime.ts';
import { startWithout } from '../support/seccomp.ts';
import { newFile, newPath, temp } from '../support/temp.ts';

// Each line of the exit statuses that pressure-vessel-adverb has.

test("run ends with its command's own status", async () => {
  for (const status of [0, 1, 5, 64, 255]) await ends(status, 'run', 'sh', '-c', `exit ${status}`);
});

test('run ends with 128 + n when signal n ended its command', async () => {
  for (const [name, n] of [['HUP', 1], ['KILL', 9], ['SEGV', 11], ['TERM', 15]] as const) {
    await ends(128 + n, 'run', 'sh', '-c', `kill -${name} $$`);
  }
});

/** What is wrong with the arguments of `run`. */
async function messageOf(...args: string[]): Promise<string> {
  try {
    readPlan(await readOptions(args, description));
  } catch (error) {
    assert.instance(error, Failure);
    assert.is((error as Failure).status, 64);
    return (error as Failure).message;
  }
  throw new Error('nothing is wrong');
}

test('run ends with 64 for bad usage, and has touched no file', async () => {
  const path = newPath();
  const create = ['--create', '--lock-file', path];
  const bad: [string, string[]][] = [
    ['No command given; see reflock run --help', []],
    ['No command given; see reflock run --help', ['--']],
    ['Unknown option "--wirte"; did you mean "--write"?', ['--wirte', 'true']],
    ['Unknown option "-w"; see reflock --help', ['-w', 'true']],
    ['The option "--lock-file" needs a value', ['--lock-file']],
    ['The option "--lock-file" needs a value', ['--lock-file', '--write', path, 'true']],
    ['The option "--lock-file" must be a path, not ""', ['--lock-file', '', 'true']],
    ['The option "--wait" takes no value', ['--wait=yes', 'true']],
    ['The option "--no-wait" takes no value', ['--no-wait=yes', 'true']],
    ['The option "--fd" must be the number of a descriptor, not "-1"', ['--fd', '-1', 'true']],
    ['The option "--fd" must be the number of a descriptor, not "x"', ['--fd=x', 'true']],
    ['The option "--fd" must be the number of a descriptor, not ""', ['--fd=', 'true']],
    ['The option "--pass-fd" must be the number of a descriptor, not "-7"', [
      '--pass-fd=-7',
      'true',
    ]],
    ['The option "--pass-fd" must be the number of a descriptor, not "1e1"', [
      '--pass-fd=1e1',
      'true',
    ]],
    ['The option "--timeout" must be a number of seconds from 0 to 1000000, not "-1"', [
      '--timeout=-1',
      'true',
    ]],
    [
      'The option "--terminate-idle-timeout" must be a number of seconds from 0 to 1000000, not "a"',
      [
        '--terminate-idle-timeout',
        'a',
        'true',
      ],
    ],
    [
      'The option "--subreaper" does not go with "--exec": nobody would be left',
      ['--exec', '--subreaper', 'true'],
    ],
    [
      'The option "--terminate-timeout" does not go with "--exec": nobody would be left',
      ['--terminate-timeout=0', '--exec', 'true'],
    ],
  ];
  // All by the same way from words to a message; some of them by a whole program.
  for (const [index, [message, args]] of bad.entries()) {
    assert.is(await messageOf(...create, ...args), message);
    if (index % 5 > 0) continue;
    assert.equal((await ends(64, 'run', ...create, ...args)).err, [`reflock: ${message}`]);
  }
  assert.not(existsSync(path));
});

// Deno ends at once when an argument of its own program is not UTF-8.
if (runtime !== 'deno') {
  test('run ends with 64 for a lock file whose name is not UTF-8, and takes no other', async () => {
    const directory = newPath();
    mkdirSync(directory);
    const command = [...scriptCommand('src/cli/main.ts'), 'run', '--create', '--lock-file'];
    const script = `name=$(printf '\\377.ref'); cd "$1"; shift; "$@" "$name" true`;
    const program = start(['sh', '-c', script, 'sh', directory, ...command]);
    assert.equal((await ended(program, 64)).err, [
      'reflock: The argument "\\xff.ref" is not UTF-8, as names must be here',
    ]);
    assert.equal(readdirSync(directory), []);
    await ends(0, 'run', '--create', `--lock-file=${directory}/\uFFFD.ref`, 'true');
    assert.equal(readdirSync(directory), ['\uFFFD.ref']);
  });
}

test('run ends with 69 when a lock file or its directory is missing, or it is a directory', async () => {
  const missing = newPath();
  assert.equal((await ends(69, 'run', '--lock-file', missing, 'true')).err, [
    `reflock: Cannot lock "${missing}" for reading: no such file or directory (ENOENT from open)`,
  ]);
  assert.not(existsSync(missing));
  const deep = `${missing}/.ref`;
  assert.equal((await ends(69, 'run', '--create', '--lock-file', deep, 'true')).err, [
    `reflock: Cannot lock "${deep}" for reading: no such file or directory (ENOENT from open)`,
  ]);
  assert.equal((await ends(69, 'run', '--write', '--lock-file', temp, 'true')).err, [
    `reflock: Cannot lock "${temp}" for writing: is a directory (EISDIR from open)`,
  ]);
});

test('run ends with 69 when a lock file may not be opened', async () => {
  const directory = newPath();
  mkdirSync(directory);
  const secret = `${directory}/.ref`;
  writeFileSync(secret, '');
  // Root may open everything. In a container without capabilities it may not.
  chmodSync(secret, 0o000);
  const drop = process.getuid!() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
  const args = ['run', '--lock-file', secret, 'true'];
  const program = start([...drop, ...scriptCommand('src/cli/main.ts'), ...args]);
  const uid = process.getuid!();
  const user = uid === 0 ? 'root' : `uid ${uid} or as root`;
  assert.equal((await ended(program, 69)).err, [
    `reflock: Cannot lock "${secret}" for reading: it belongs to uid ${uid}, and ` +
    `this process may not read it (EACCES from open); run as ${user}, or allow it with chmod`,
  ]);
});

function notOpen(fd: number): string {
  return `reflock: The descriptor ${fd} is not open, or the JavaScript runtime's own`;
}

test('run ends with 69 when a descriptor is not open, and locks nothing before', async () => {
  const path = newPath();
  for (const option of ['--fd', '--pass-fd']) {
    const { err } = await ends(69, 'run', '--create', '--lock-file', path, option, '99', 'true');
    assert.equal(err, [notOpen(99)]);
  }
  assert.not(existsSync(path));
  const program = reflockInheriting('9</dev/null', 'run', '--fd', '9', 'true');
  await ended(program, 0);
});

test('run takes none of the descriptors of the JavaScript runtime for one that is open', async () => {
  const path = newFile();
  const locker = await startLocker('ofd', path);
  await locker.try('exclusive');
  const waiting = reflock('run', '--wait', '--lock-file', path, 'true');
  await mustBlock(path);
  const directory = `/proc/${waiting.child.pid}/fd`;
  // Deno's pipes are duplicates of its standard streams, as a shell's may be.
  const kinds = runtime === 'deno' ? /^anon_inode:\[event/ : /^(anon_inode:\[event|pipe:)/;
  const own = readdirSync(directory).map(Number).filter((fd) => fd > 2)
    .filter((fd) => kinds.test(readlinkSync(`${directory}/${fd}`)));
  await locker.end();
  await ended(waiting, 0);
  assert.ok(own.length > 0, `${runtime} has an event loop`);
  for (const fd of own.slice(0, 6)) {
    const { err } = await ends(69, 'run', '--fd', String(fd), 'true');
    assert.equal(err, [notOpen(fd)]);
  }
});

testInContainer('run ends with 70 when nobody knows how its command has ended', async () => {
  // wait4(2), which then says that there is no child.
  const number = process.arch === 'x64' ? 61 : 260;
  const ECHILD = 10;
  const command = [...scriptCommand('src/cli/main.ts'), 'run', 'true'];
  await ended(wrap(startWithout(number, ECHILD, command)), 70);
});

test('run ends with 75 when a lock is busy, and the command does not start', async () => {
  const path = newFile();
  const started = newPath();
  const locker = await startLocker('posix', path);
  await locker.try('exclusive');
  const holder = `held by pid ${locker.program.child.pid} (python3)`;
  const args = ['--lock-file', path, 'touch', started];
  assert.equal((await ends(75, 'run', ...args)).err, [
    `reflock: Cannot lock "${path}" for reading: ${holder}`,
  ]);
  assert.equal((await ends(75, 'run', '--timeout', '0.2', '--wait', ...args)).err, [
    `reflock: waiting for "${path}" to lock it for reading: ${holder}`,
    `reflock: Cannot lock "${path}" for reading within 0.2 s: ${holder}`,
  ]);
  assert.not(existsSync(started));
  await locker.end();
});

test('run waits no longer than the timeout for all files together', async () => {
  const [first, second] = [newFile(), newFile()];
  const locker = await startLocker('posix', first);
  await locker.try('exclusive');
  const other = await startLocker('posix', second);
  await other.try('exclusive');
  const files = ['--lock-file', first, '--lock-file', second];
  const program = reflock('run', '--timeout', '1.5', '--wait', ...files, 'true');
  await mustBlock(first);
  const began = performance.now();
  // Most of the time goes by with the first file, so that little is left for the second one.
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await locker.end();
  await eventually('it waits for the second file', () => program.stderr().includes(second));
  await ended(program, 75);
  const took = performance.now() - began;
  assert.ok(took < 2400, `${took} ms; with the whole timeout for each it would be 2500`);
  await other.end();
});

test('run ends with 127 when its command cannot be started', async () => {
  const path = newFile();
  assert.equal((await ends(127, 'run', '--lock-file', path, '/nowhere/command')).err, [
    'reflock: Cannot start "/nowhere/command": no such file or directory (ENOENT from execve)',
  ]);
  for (const how of [[], ['--exec'], ['--exit-with-parent'], ['--subreaper']]) {
    assert.equal((await ends(127, 'run', ...how, '--lock-file', path, temp)).err, [
      `reflock: Cannot start "${temp}": permission denied (EACCES from execve)`,
    ]);
  }
  await ends(127, 'run', '');
});

test('run starts a script without "#!" as a shell would, and finds it in PATH', async () => {
  const directory = newPath();
  mkdirSync(directory);
  writeFileSync(`${directory}/greet`, 'echo "hello $1"; exit 7\n', { mode: 0o755 });
  const command = scriptCommand('src/cli/main.ts');
  const env = { ...process.env, PATH: `${directory}:${process.env.PATH}` };
  for (const how of [[], ['--exec'], ['--exit-with-parent']]) {
    const program = start([...command, 'run', ...how, 'greet', 'you there'], { env });
    assert.equal((await ended(program, 7)).out, ['hello you there']);
  }
});

test.run();
