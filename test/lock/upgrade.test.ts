import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  adoptLock,
  LockEngine,
  type LockError,
  query,
  tryLock,
  type WaitOptions,
} from '../support/subject.ts';
import { testOfd } from '../support/kind.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { sides } from '../support/sides.ts';
import { eventuallyWithoutEvents, within } from '../support/eventually.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock, waitersInKernel } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { newFile, temp } from '../support/temp.ts';

const shared = { mode: 'shared' } as const;
const code = (promise: Promise<unknown>) =>
  promise.then(() => 'done', (error: { code: string }) => error.code);

test('tryUpgrade() succeeds for the only reader, and otherwise leaves the lock shared', async () => {
  const path = newFile();
  const lock = (await tryLock(path, shared))!;
  const locker = await startLocker('posix', path);
  await locker.try('shared');
  assert.is(lock.tryUpgrade(), false);
  assert.is(lock.mode, 'shared');
  assert.is(await tryLock(path), undefined, 'still shared');
  await locker.end();
  assert.is(lock.tryUpgrade(), true);
  assert.is(lock.mode, 'exclusive');
  assert.is(lock.tryUpgrade(), true);
  assert.is(await tryLock(path, shared), undefined);
  lock.release();
});

for (const { whose, hold, settled } of sides) {
  test(`upgrade() waits for a reader of ${whose}`, async () => {
    const path = newFile();
    const lock = (await tryLock(path, shared))!;
    const other = await hold(path, shared);
    const announced: unknown[] = [];
    const onWait: WaitOptions['onWait'] = ({ path, mode }) => announced.push({ path, mode });
    const upgrading = lock.upgrade({ onWait });
    await settled(path);
    const pending = (await query()).pending.map(({ path, mode }) => ({ path, mode }));
    assert.equal(announced, [{ path, mode: 'exclusive' }]);
    assert.equal(pending, [{ path, mode: 'exclusive' }]);
    assert.is(lock.mode, 'shared');
    other.release();
    await within(1000, 'the upgrade', upgrading);
    assert.is(lock.mode, 'exclusive');
    assert.is(await tryLock(path, shared), undefined);
    lock.release();
    assert.equal(await query(), { held: [], pending: [] });
  });
}

test('upgrade() that gives up leaves the lock shared', async () => {
  const path = newFile();
  const lock = (await tryLock(path, shared))!;
  const other = holdElsewhere(path, shared);
  assert.is(await code(lock.upgrade({ timeout: 30 })), 'ERR_LOCK_TIMEOUT');
  const abort = new AbortController();
  const upgrading = lock.upgrade({ signal: abort.signal });
  await mustBlock(path);
  // The grant and the abort meet: the abort came first, so the lock must not stay exclusive.
  other.release();
  abort.abort({ code: 'aborted' });
  assert.is(await code(upgrading), 'aborted');
  assert.is(lock.mode, 'shared');
  (await tryLock(path, shared))!.release();
  assert.is(await tryLock(path), undefined);
  lock.release();
});

test('what happens between the grant of an upgrade and its promise has the last word', async () => {
  const path = newFile();
  const lock = (await tryLock(path, shared))!;
  const other = holdElsewhere(path, shared);
  const upgrading = lock.upgrade();
  await mustBlock(path);
  other.release();
  eventuallyWithoutEvents(() => waitersInKernel(path) === 0);
  // The thread has the lock, and this thread has not heard of it.
  assert.ok(lock.tryUpgrade());
  lock.downgrade();
  await upgrading;
  assert.is(lock.mode, 'exclusive');
  assert.is(await tryLock(path, shared), undefined, 'exclusive is what it says and what it is');
  lock.release();
});

testOfd('detach() before an upgrade has been heard of gives away a shared lock', async () => {
  const path = newFile();
  const lock = (await tryLock(path, shared))!;
  const other = holdElsewhere(path, shared);
  const upgrading = code(lock.upgrade());
  await mustBlock(path);
  other.release();
  eventuallyWithoutEvents(() => waitersInKernel(path) === 0);
  const fd = lock.detach();
  (await tryLock(path, shared))!.release();
  assert.is(await upgrading, 'ERR_LOCK_RELEASED');
  (await adoptLock(fd, { mode: 'shared' })).release();
});

test('release() within onWait of an upgrade() ends it', async () => {
  const path = newFile();
  const lock = (await tryLock(path, shared))!;
  const other = (await tryLock(path, shared))!;
  const upgrading = lock.upgrade({ onWait: () => lock.release() });
  assert.is(await code(upgrading), 'ERR_LOCK_RELEASED');
  other.release();
});

for (const { whose, hold, settled } of sides) {
  test(`release() during upgrade() frees the lock at once, beside a reader of ${whose}`, async () => {
    const path = newFile();
    const before = openFds(temp);
    const lock = (await tryLock(path, shared))!;
    const other = await hold(path, shared);
    const upgrading = code(lock.upgrade());
    await settled(path);
    lock.release();
    other.release();
    (await tryLock(path))!.release();
    assert.is(await upgrading, 'ERR_LOCK_RELEASED');
    assert.equal(openFds(temp), before);
  });
}

test('release() during an upgrade() that is parked frees the lock before it returns', async () => {
  const engine = new LockEngine({ maxThreads: 1 });
  const [path, elsewhere] = [newFile(), newFile()];
  const blocker = holdElsewhere(elsewhere);
  const blocked = engine.lock(elsewhere);
  const lock = (await engine.tryLock(path, shared))!;
  const other = holdElsewhere(path, shared);
  const upgrading = code(lock.upgrade());
  await mustBlock(elsewhere);
  assert.is((await engine.stats()).parked, 1);
  lock.release();
  other.release();
  (await tryLock(path))!.release();
  assert.is(await upgrading, 'ERR_LOCK_RELEASED');
  blocker.release();
  (await blocked).release();
  await engine.close();
});

test('release() ends all upgrades of the lock, though one that ends makes way for the next', async () => {
  const engine = new LockEngine({ maxThreads: 1 });
  const [path, elsewhere] = [newFile(), newFile()];
  const before = openFds(temp);
  const blocker = holdElsewhere(elsewhere);
  const blocked = engine.lock(elsewhere);
  const lock = (await engine.tryLock(path, shared))!;
  const other = holdElsewhere(path, shared);
  const upgrades = [code(lock.upgrade()), code(lock.upgrade())];
  await mustBlock(elsewhere);
  assert.is((await engine.stats()).parked, 1);
  // The kernel would grant the upgrades now, and nobody has seen it yet.
  other.release();
  lock.release();
  assert.equal(await Promise.all(upgrades), ['ERR_LOCK_RELEASED', 'ERR_LOCK_RELEASED']);
  (await tryLock(path))!.release();
  blocker.release();
  (await blocked).release();
  assert.equal(openFds(temp), before);
  await engine.close();
});

test('two upgrades of one lock are granted together', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const lock = (await engine.tryLock(path, { mode: 'shared' }))!;
  const other = (await engine.tryLock(path, { mode: 'shared' }))!;
  const upgrades = [lock.upgrade(), lock.upgrade()];
  other.release();
  await within(1000, 'both upgrades', Promise.all(upgrades));
  assert.is(lock.mode, 'exclusive');
  lock.release();
  await engine.close();
});

test('a shared lock on what may only be read says why it cannot be upgraded', async () => {
  // The superuser may write to any file, but nobody to a directory.
  const lock = (await tryLock(temp, shared))!;
  assert.throws(
    () => lock.tryUpgrade(),
    ({ code, message }: LockError) =>
      code === 'EBADF' &&
      message === `Cannot upgrade the lock on ${JSON.stringify(temp)}: the file may only be read`,
  );
  assert.is(lock.mode, 'shared');
  lock.release();
});

test.run();
