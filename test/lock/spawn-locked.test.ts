import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type LockError, spawnLocked, tryLock } from '../support/subject.ts';
import { testOfd } from '../support/kind.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { wrap } from '../support/process.ts';
import { newFile, newPath } from '../support/temp.ts';

const shared = { mode: 'shared' } as const;

testOfd('a child that inherited a lock keeps it after release() in the parent', async () => {
  const path = newFile();
  const lock = (await tryLock(path))!;
  const child = wrap(spawnLocked(lock, 'cat'));
  lock.release();
  assert.is(await tryLock(path, shared), undefined);
  const locker = await startLocker('posix', path);
  assert.is(await locker.try('shared'), 'busy');
  child.child.stdin!.end();
  assert.equal(await child.ended, { code: 0, signal: null });
  assert.is(await locker.try('shared'), 'ok');
  await locker.end();
});

testOfd('a lock lasts until the last process that inherited it has gone', async () => {
  const path = newFile();
  const lock = (await tryLock(path, shared))!;
  // What the shell leaves in the background waits for a line. Not on stdin: the runtimes close that
  // of a child when it has ended, whoever else reads it.
  const fifo = newPath();
  execFileSync('mkfifo', [fifo]);
  const script = `(read line < '${fifo}') & exit 0`;
  const shell = wrap(spawnLocked([lock], 'sh', ['-c', script], { stdio: 'ignore' }));
  lock.release();
  assert.equal(await shell.ended, { code: 0, signal: null });
  assert.is(await tryLock(path), undefined, 'the background process still holds it');
  const locker = await startLocker('ofd', path);
  const waiting = locker.wait('exclusive');
  await mustBlock(path);
  writeFileSync(fifo, 'end\n');
  assert.is(await waiting, 'ok');
  await locker.end();
});

testOfd('several locks become the descriptors from 3 on, behind those of stdio', async () => {
  const [a, b] = [newFile(), newFile()];
  const locks = [(await tryLock(a))!, (await tryLock(b, shared))!];
  const script = 'readlink /proc/self/fd/3 /proc/self/fd/4';
  const child = wrap(spawnLocked(locks, 'sh', ['-c', script], { stdio: 'pipe' }));
  assert.is(await child.line(), a);
  assert.is(await child.line(), b);
  const moved = wrap(
    spawnLocked(locks, 'sh', ['-c', 'readlink /proc/self/fd/4'], {
      stdio: ['ignore', 'pipe', 'inherit', 'ignore'],
    }),
  );
  assert.is(await moved.line(), a);
  for (const lock of locks) lock.release();
  await Promise.all([child.ended, moved.ended]);
});

testOfd('a program started in any other way does not inherit the lock', async () => {
  const path = newFile();
  const lock = (await tryLock(path))!;
  const other = await startLocker('ofd', newFile());
  lock.release();
  (await tryLock(path))!.release();
  await other.end();
});

testOfd('a program that cannot be started leaves the lock as it was', async () => {
  const path = newFile();
  const lock = (await tryLock(path))!;
  const child = spawnLocked(lock, '/nowhere/program');
  const error = await new Promise<LockError>((resolve) => child.on('error', resolve));
  assert.is(error.code, 'ENOENT');
  assert.is(await tryLock(path), undefined);
  lock.release();
  (await tryLock(path))!.release();
});

test('a released lock cannot be handed on', async () => {
  const lock = (await tryLock(newFile()))!;
  lock.release();
  assert.throws(
    () => spawnLocked(lock, 'true'),
    (error: LockError) => error.code === 'ERR_LOCK_RELEASED',
  );
});

test.run();
