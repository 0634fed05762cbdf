import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertRefused } from '../support/rejection.ts';
import { adoptLock, lock, LockError, query, tryLock } from '../support/subject.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { openFds } from '../support/open-fds.ts';
import { start } from '../support/process.ts';
import { newFile, newPath, temp } from '../support/temp.ts';

// The first lock loads libc, the first wait its thread, and for the first program Node opens
// /dev/null; none of that counts as lost.
await start(['true']).ended;
const path = newFile();
const warm = holdElsewhere(path);
const waited = lock(path);
warm.release();
(await waited).release();
// Pipes and event counters are the runtime's own, and come and go with its threads.
// Until the engine has heard of a release, the number stays taken.
await query();
const before = openFds('/');

const directory = join(temp, 'directory');
mkdirSync(directory);
const fifo = join(temp, 'fifo');
execFileSync('mkfifo', [fifo]);
const loop = join(temp, 'loop');
symlinkSync(loop, loop);
const secret = join(temp, 'secret');
execFileSync('sh', ['-c', `: > '${secret}'; chmod 000 '${secret}'`]);
const long = `/${'x'.repeat(5000)}`;

/** No descriptor of this process: numbers are given out from the bottom. */
const closedFd = 1000;

/** Both `tryLock()` and `lock()` fail so, with one clear line that names the file. */
function refuses(
  name: string,
  args: () => Parameters<typeof lock>,
  code: string,
  message: RegExp,
  kind: abstract new (...args: never[]) => Error = LockError,
): void {
  const check = (error: unknown): boolean => {
    assert.instance(error, kind);
    const { message: text, code: actual } = error as LockError;
    assert.is(actual, code, text);
    assert.match(text, message);
    assert.not.match(text, '\n');
    assert.ok(text.length < 500, 'short enough to read');
    return true;
  };
  test(`${name} is ${code}`, async () => {
    const [file, options] = args();
    const { timeout: _, signal: __, ...plain } = options ?? {};
    if (Object.keys(plain).length === Object.keys(options ?? {}).length) {
      await assertRefused(() => tryLock(file, options), check);
    }
    const outcome = await lock(file, options).then(() => 'granted', (error) => error);
    check(outcome);
    assert.equal(await query(), { held: [], pending: [] });
  });
}

const missing = newPath();
refuses(
  'a missing file',
  () => [missing],
  'ENOENT',
  /^Cannot lock ".*" for writing: no such file or directory \(ENOENT from open\)$/,
);
refuses(
  'a missing directory',
  () => [join(temp, 'nowhere/.ref'), { create: true }],
  'ENOENT',
  /nowhere/,
);
refuses('a file as directory', () => [join(path, '.ref')], 'ENOTDIR', /not a directory/);
refuses('an empty path', () => ['', { mode: 'shared' }], 'ENOENT', /^Cannot lock "" for reading/);
refuses('a FIFO', () => [fifo], 'ERR_LOCK_UNSUPPORTED', /it is a FIFO, not a regular file$/);
refuses(
  'a FIFO for reading',
  () => [fifo, { mode: 'shared' }],
  'ERR_LOCK_UNSUPPORTED',
  /it is a FIFO, not a regular file$/,
);
refuses(
  'a device',
  () => ['/dev/null'],
  'ERR_LOCK_UNSUPPORTED',
  /it is a character device, not a regular file$/,
);
refuses('a directory for exclusive', () => [directory], 'EISDIR', /is a directory/);
refuses('a symlink loop', () => [loop], 'ELOOP', /too many levels of symbolic links/);
refuses('a path of 5,000 characters', () => [long], 'ENAMETOOLONG', /x…x/);
refuses('a NUL in the path', () => [`${path}\0.ref`], 'ERR_INVALID_ARG_VALUE', /NUL/, TypeError);
refuses(
  'a number for a path',
  () => [3 as unknown as string],
  'ERR_INVALID_ARG_VALUE',
  /must be a string or a file: URL, not 3/,
  TypeError,
);
refuses('a closed directory fd', () => ['x', { at: closedFd }], 'EBADF', /bad file descriptor/);
refuses('a file as `at`', () => ['x', { at: -2 }], 'ERR_OUT_OF_RANGE', /"at"/, RangeError);
for (const timeout of [-1, NaN]) {
  refuses(
    `a timeout of ${timeout}`,
    () => [path, { timeout }],
    'ERR_OUT_OF_RANGE',
    /"timeout" must be a number of milliseconds, 0 or more/,
    RangeError,
  );
}
for (
  const range of [
    { start: -1, length: 1 },
    { start: 0.5, length: 1 },
    { start: 0, length: -1 },
    { start: 0, length: NaN },
    { start: Number.MAX_SAFE_INTEGER, length: 1 },
    { start: 2 ** 63, length: 1 },
  ]
) {
  refuses(
    `the range ${range.start} + ${range.length}`,
    () => [path, { range }],
    'ERR_OUT_OF_RANGE',
    /"range/,
    RangeError,
  );
}
refuses(
  'a range that is none',
  () => [path, { range: null as unknown as { start: number; length: number } }],
  'ERR_INVALID_ARG_VALUE',
  /"range" must be { start, length }, not null$/,
  TypeError,
);
refuses(
  'an unknown mode',
  () => [path, { mode: 'write' as 'shared' }],
  'ERR_INVALID_ARG_VALUE',
  /"mode" must be 'shared' or 'exclusive', not "write"$/,
  TypeError,
);
refuses(
  'an unknown kind',
  () => [path, { kind: 'flock' as 'ofd' }],
  'ERR_INVALID_ARG_VALUE',
  /"kind"/,
  TypeError,
);

test('an aborted signal rejects with its reason and creates nothing', async () => {
  const file = newPath();
  const reason = new Error('never mind');
  const signal = AbortSignal.abort(reason);
  const outcome = await lock(file, { create: true, signal }).then(() => 'granted', (e) => e);
  assert.is(outcome, reason);
  assert.not(readdirSync(temp).includes(file));
});

test('adoptLock() of a closed or impossible fd says so', async () => {
  await assertRefused(
    () => adoptLock(closedFd, { mode: 'shared' }),
    (error: LockError) => error.code === 'EBADF' && error.message.includes(`fd ${closedFd}`),
  );
  for (const fd of [-1, 1.5, NaN, 2 ** 31]) {
    await assertRefused(
      () => adoptLock(fd, { mode: 'shared' }),
      (error: LockError) => error.code === 'ERR_OUT_OF_RANGE',
    );
  }
});

if (process.getuid!() !== 0) {
  refuses('a file without permission', () => [secret], 'EACCES', /it belongs to uid/);
} else {
  // Nothing is forbidden to root, so a child without its rights asks in its place.
  test('a file without permission is EACCES', async () => {
    const { startScript } = await import('../support/process.ts');
    const program = startScript('test/fixtures/as-nobody.ts', [secret]);
    assert.is(await program.line(), 'EACCES', program.stderr());
    assert.match((await program.line())!, /: it belongs to uid 0, and this process may not /);
    await program.ended;
  });
}

test('after all of these /proc/self/fd holds what it held before', async () => {
  await query();
  assert.equal(openFds('/'), before);
});

test.run();
