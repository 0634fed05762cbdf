import { chmodSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertRefused } from '../support/rejection.ts';
import { type Lock, type LockError, tryLock } from '../support/subject.ts';
import { kind } from '../support/kind.ts';
import { startLocker } from '../support/locker.ts';
import { start } from '../support/process.ts';
import { root } from '../support/runtime.ts';
import { newFile, newPath, temp } from '../support/temp.ts';

test('tryLock() exclusive keeps every other lock out until it is released', async () => {
  const path = newFile();
  const lock = (await tryLock(path))!;
  assert.is(lock.mode, 'exclusive');
  assert.is(lock.kind, kind);
  assert.is(lock.path, path);
  assert.is(await tryLock(path), undefined);
  assert.is(await tryLock(path, { mode: 'shared' }), undefined);
  lock.release();
  (await tryLock(path))!.release();
});

test('tryLock() shared lets readers in and writers not', async () => {
  const path = newFile();
  const a = (await tryLock(path, { mode: 'shared' }))!;
  const b = (await tryLock(path, { mode: 'shared' }))!;
  assert.is(await tryLock(path), undefined);
  a.release();
  assert.is(await tryLock(path), undefined);
  b.release();
  (await tryLock(path))!.release();
});

test('tryLock() creates the file with mode 0644 only when told so', async () => {
  const path = newPath();
  await assertRefused(() => tryLock(path), (error: { code: string }) => error.code === 'ENOENT');
  assert.not(existsSync(path));
  (await tryLock(path, { create: true, mode: 'shared' }))!.release();
  assert.is(statSync(path).mode & 0o777, 0o644 & ~process.umask());
});

test('tryLock() takes a file: URL, and a path relative to a directory fd', async () => {
  const path = newFile();
  const lock = (await tryLock(pathToFileURL(path)))!;
  assert.is(lock.path, path);
  const at = openSync(temp, 'r');
  assert.is(await tryLock(basename(path), { at }), undefined);
  lock.release();
  (await tryLock(basename(path), { at }))!.release();
});

test('tryLock() locks ranges apart from each other', async () => {
  const path = newFile();
  const first = (await tryLock(path, { range: { start: 0, length: 10 } }))!;
  const second = (await tryLock(path, { range: { start: 10, length: 5 } }))!;
  assert.is(await tryLock(path, { range: { start: 9, length: 1 } }), undefined);
  assert.is(await tryLock(path), undefined);
  const rest = (await tryLock(path, { range: { start: 15, length: 0 } }))!;
  assert.is(await tryLock(path, { range: { start: 2 ** 52, length: 1 } }), undefined);
  for (const lock of [first, second, rest]) lock.release();
  (await tryLock(path))!.release();
});

test('tryLock() shared works on a directory and on a file that may only be read', async () => {
  const directory = join(temp, 'directory');
  mkdirSync(directory);
  (await tryLock(directory, { mode: 'shared' }))!.release();
  const path = newFile();
  chmodSync(path, 0o444);
  (await tryLock(path, { mode: 'shared' }))!.release();
});

test('tryLock() locks the file that the path names now, not the one it named before', async () => {
  const path = newFile();
  const old = (await tryLock(path))!;
  renameSync(newFile(), path);
  const current = (await tryLock(path))!;
  assert.ok(current, 'the new file is free');
  assert.is(statSync(`/proc/self/fd/${current.fd}`).ino, statSync(path).ino);
  old.release();
  current.release();
});

test('tryLock() never gives a lock on a file that is deleted between open and lock', async () => {
  const path = newFile();
  const replacer = start(['python3', `${root}/test/fixtures/replacer.py`, path]);
  assert.is(await replacer.line(), 'ready', replacer.stderr());
  // On a machine with two cores another thread is slow enough to find it replaced 100 times in a row.
  const tryOften = async (): Promise<Lock | undefined> => {
    try {
      return await tryLock(path, { mode: 'shared', create: true });
    } catch (error) {
      assert.is((error as LockError).code, 'ERR_LOCK_REPLACED', String(error));
      return undefined;
    }
  };
  const end = performance.now() + 1500;
  let grants = 0;
  while (performance.now() < end) {
    const lock = await tryOften();
    if (lock === undefined) continue;
    grants++;
    // The replacer needs the exclusive lock, so while we hold ours both must be the same file.
    const locked = statSync(`/proc/self/fd/${lock.fd}`).ino;
    const named = statSync(path, { throwIfNoEntry: false })?.ino;
    lock.release();
    assert.is(locked, named);
  }
  replacer.child.stdin!.end();
  const replaced = Number(await replacer.line());
  assert.ok(grants > 20 && replaced > 20, `${grants} grants, ${replaced} replacements`);
});

for (const who of ['ofd', 'posix'] as const) {
  for (const theirs of ['shared', 'exclusive'] as const) {
    for (const ours of ['shared', 'exclusive'] as const) {
      const compatible = theirs === 'shared' && ours === 'shared';
      const outcome = compatible ? 'goes together with' : 'conflicts with';
      test(`tryLock() ${ours} ${outcome} a ${who} lock ${theirs} of another process`, async () => {
        const path = newFile();
        const locker = await startLocker(who, path);
        assert.is(await locker.try(theirs), 'ok');
        const refused = await tryLock(path, { mode: ours });
        assert.is(refused !== undefined, compatible);
        refused?.release();
        await locker.unlock();
        const lock = (await tryLock(path, { mode: ours }))!;
        assert.is(await locker.try(theirs), compatible ? 'ok' : 'busy');
        lock.release();
        await locker.end();
        (await tryLock(path))!.release();
      });
    }
  }
}

test.run();
