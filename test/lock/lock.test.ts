import { closeSync, fstatSync, openSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adoptLock, Lock, tryLock } from '../../src/mod.ts';
import { testOfd } from '../support/kind.ts';
import { newFile } from '../support/temp.ts';

const shared = { mode: 'shared' } as const;
const hasCode = (code: string) => (error: { code: string }) => error.code === code;
const code = (promise: Promise<unknown>) =>
  promise.then(() => 'done', (error: { code: string }) => error.code);

test('release() may be called twice, and everything else after it is ERR_LOCK_RELEASED', async () => {
  const lock = tryLock(newFile())!;
  assert.not(lock.released);
  lock.release();
  lock.release();
  assert.ok(lock.released);
  assert.is(lock.mode, 'exclusive');
  const uses = [
    () => lock.fd,
    () => lock.detach(),
    () => lock.downgrade(),
    () => lock.tryUpgrade(),
  ];
  for (const use of uses) assert.throws(use, hasCode('ERR_LOCK_RELEASED'));
  assert.is(await code(lock.upgrade()), 'ERR_LOCK_RELEASED');
});

test('using and await using release the lock', async () => {
  const path = newFile();
  {
    using lock = tryLock(path)!;
    assert.instance(lock, Lock);
    assert.is(tryLock(path), undefined);
  }
  {
    await using lock = tryLock(path)!;
    assert.not(lock.released);
  }
  tryLock(path)!.release();
});

test('downgrade() lets readers in at once and never a writer', () => {
  const path = newFile();
  const lock = tryLock(path)!;
  lock.downgrade();
  assert.is(lock.mode, 'shared');
  assert.is(tryLock(path), undefined);
  tryLock(path, shared)!.release();
  lock.downgrade();
  lock.release();
});

testOfd('detach() gives the descriptor away, still locked', () => {
  const path = newFile();
  const lock = tryLock(path)!;
  const fd = lock.detach();
  assert.ok(lock.released);
  assert.is(tryLock(path), undefined);
  // Not by `closeSync`: Deno's knows only what `node:fs` has opened.
  adoptLock(fd, { mode: 'exclusive' }).release();
  tryLock(path)!.release();
});

testOfd('adoptLock() takes a locked descriptor over', () => {
  const path = newFile();
  const fd = tryLock(path)!.detach();
  const lock = adoptLock(fd, { mode: 'exclusive' });
  assert.is(lock.fd, fd);
  assert.is(lock.path, path);
  assert.throws(() => adoptLock(fd, { mode: 'exclusive' }), hasCode('ERR_OUT_OF_RANGE'));
  assert.is(tryLock(path), undefined);
  lock.release();
  tryLock(path)!.release();
});

testOfd('adoptLock() finds out a false claim, and leaves the descriptor to the caller', () => {
  const path = newFile();
  const holder = tryLock(path)!;
  const fd = openSync(path, 'r+');
  assert.throws(() => adoptLock(fd, { mode: 'shared' }), hasCode('ERR_LOCK_BUSY'));
  assert.is(fstatSync(fd).size, 0);
  holder.release();
  const readOnly = openSync(path, 'r');
  assert.throws(() => adoptLock(readOnly, { mode: 'exclusive' }), hasCode('EBADF'));
  for (const each of [fd, readOnly]) closeSync(each);
});

test.run();
