import { chmodSync, existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { kind } from '../support/kind.ts';
import { startLocker } from '../support/locker.ts';
import { start } from '../support/process.ts';
import { root } from '../support/runtime.ts';
import { newFile, newPath, temp } from '../support/temp.ts';

test('tryLock() exclusive keeps every other lock out until it is released', () => {
  const path = newFile();
  const lock = tryLock(path)!;
  assert.is(lock.mode, 'exclusive');
  assert.is(lock.kind, kind);
  assert.is(lock.path, path);
  assert.is(tryLock(path), undefined);
  assert.is(tryLock(path, { mode: 'shared' }), undefined);
  lock.release();
  tryLock(path)!.release();
});

test('tryLock() shared lets readers in and writers not', () => {
  const path = newFile();
  const a = tryLock(path, { mode: 'shared' })!;
  const b = tryLock(path, { mode: 'shared' })!;
  assert.is(tryLock(path), undefined);
  a.release();
  assert.is(tryLock(path), undefined);
  b.release();
  tryLock(path)!.release();
});

test('tryLock() creates the file with mode 0644 only when told so', () => {
  const path = newPath();
  assert.throws(() => tryLock(path), (error: { code: string }) => error.code === 'ENOENT');
  assert.not(existsSync(path));
  tryLock(path, { create: true, mode: 'shared' })!.release();
  assert.is(statSync(path).mode & 0o777, 0o644 & ~process.umask());
});

test('tryLock() takes a file: URL, and a path relative to a directory fd', () => {
  const path = newFile();
  const lock = tryLock(pathToFileURL(path))!;
  assert.is(lock.path, path);
  const at = openSync(temp, 'r');
  assert.is(tryLock(basename(path), { at }), undefined);
  lock.release();
  tryLock(basename(path), { at })!.release();
});

test('tryLock() locks ranges apart from each other', () => {
  const path = newFile();
  const first = tryLock(path, { range: { start: 0, length: 10 } })!;
  const second = tryLock(path, { range: { start: 10, length: 5 } })!;
  assert.is(tryLock(path, { range: { start: 9, length: 1 } }), undefined);
  assert.is(tryLock(path), undefined);
  const rest = tryLock(path, { range: { start: 15, length: 0 } })!;
  assert.is(tryLock(path, { range: { start: 2 ** 52, length: 1 } }), undefined);
  for (const lock of [first, second, rest]) lock.release();
  tryLock(path)!.release();
});

test('tryLock() shared works on a directory and on a file that may only be read', () => {
  const directory = join(temp, 'directory');
  mkdirSync(directory);
  tryLock(directory, { mode: 'shared' })!.release();
  const path = newFile();
  chmodSync(path, 0o444);
  tryLock(path, { mode: 'shared' })!.release();
});

test('tryLock() locks the file that the path names now, not the one it named before', () => {
  const path = newFile();
  const old = tryLock(path)!;
  renameSync(newFile(), path);
  const current = tryLock(path)!;
  assert.ok(current, 'the new file is free');
  assert.is(statSync(`/proc/self/fd/${current.fd}`).ino, statSync(path).ino);
  old.release();
  current.release();
});

test('tryLock() never gives a lock on a file that is deleted between open and lock', async () => {
  const path = newFile();
  const replacer = start(['python3', `${root}/test/fixtures/replacer.py`, path]);
  assert.is(await replacer.line(), 'ready', replacer.stderr());
  const end = performance.now() + 1500;
  let grants = 0;
  while (performance.now() < end) {
    const lock = tryLock(path, { mode: 'shared', create: true });
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
        const refused = tryLock(path, { mode: ours });
        assert.is(refused !== undefined, compatible);
        refused?.release();
        await locker.unlock();
        const lock = tryLock(path, { mode: ours })!;
        assert.is(await locker.try(theirs), compatible ? 'ok' : 'busy');
        lock.release();
        await locker.end();
        tryLock(path)!.release();
      });
    }
  }
}

test.run();
