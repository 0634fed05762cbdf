import { closeSync, fstatSync, openSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertRefused } from '../support/rejection.ts';
import { adoptLock, Lock, tryLock } from '../support/subject.ts';
import { testOfd } from '../support/kind.ts';
import { newFile } from '../support/temp.ts';

const shared = { mode: 'shared' } as const;
const hasCode = (code: string) => (error: { code: string }) => error.code === code;
const code = (promise: Promise<unknown>) =>
  promise.then(() => 'done', (error: { code: string }) => error.code);

test('release() may be called twice, and everything else after it is ERR_LOCK_RELEASED', async () => {
  const lock = (await tryLock(newFile()))!;
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
    using lock = (await tryLock(path))!;
    assert.instance(lock, Lock);
    assert.is(await tryLock(path), undefined);
  }
  {
    await using lock = (await tryLock(path))!;
    assert.not(lock.released);
  }
  (await tryLock(path))!.release();
});

test('downgrade() lets readers in at once and never a writer', async () => {
  const path = newFile();
  const lock = (await tryLock(path))!;
  lock.downgrade();
  assert.is(lock.mode, 'shared');
  assert.is(await tryLock(path), undefined);
  (await tryLock(path, shared))!.release();
  lock.downgrade();
  lock.release();
});

testOfd('detach() gives the descriptor away, still locked', async () => {
  const path = newFile();
  const lock = (await tryLock(path))!;
  const fd = lock.detach();
  assert.ok(lock.released);
  assert.is(await tryLock(path), undefined);
  // Not by `closeSync`: Deno's knows only what `node:fs` has opened.
  (await adoptLock(fd, { mode: 'exclusive' })).release();
  (await tryLock(path))!.release();
});

testOfd('adoptLock() takes a locked descriptor over', async () => {
  const path = newFile();
  const fd = (await tryLock(path))!.detach();
  const lock = await adoptLock(fd, { mode: 'exclusive' });
  assert.is(lock.fd, fd);
  assert.is(lock.path, path);
  await assertRefused(() => adoptLock(fd, { mode: 'exclusive' }), hasCode('ERR_OUT_OF_RANGE'));
  assert.is(await tryLock(path), undefined);
  lock.release();
  (await tryLock(path))!.release();
});

testOfd(
  'adoptLock() finds out a false claim, and leaves the descriptor to the caller',
  async () => {
    const path = newFile();
    const holder = (await tryLock(path))!;
    const fd = openSync(path, 'r+');
    await assertRefused(() => adoptLock(fd, { mode: 'shared' }), hasCode('ERR_LOCK_BUSY'));
    assert.is(fstatSync(fd).size, 0);
    holder.release();
    const readOnly = openSync(path, 'r');
    await assertRefused(() => adoptLock(readOnly, { mode: 'exclusive' }), hasCode('EBADF'));
    for (const each of [fd, readOnly]) closeSync(each);
  },
);

test.run();
