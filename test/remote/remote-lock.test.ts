import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { MessageChannel } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Lock, LockEngine, LockError, tryLock } from '../../src/mod.ts';
import { connectEngine, exposeEngine, type RemoteEngine } from '../../src/remote/mod.ts';
import { eventually, within } from '../support/eventually.ts';
import { testOfd } from '../support/kind.ts';
import { openFds } from '../support/open-fds.ts';
import { rejection } from '../support/rejection.ts';
import { newFile } from '../support/temp.ts';

/** A test of a client of an engine in the same thread, where one hears of nothing that is sent meanwhile. */
function testRemote(
  name: string,
  body: (remote: RemoteEngine, engine: LockEngine) => Promise<void>,
): void {
  testOfd(name, async () => {
    const { port1, port2 } = new MessageChannel();
    const engine = new LockEngine({ maxThreads: 2 });
    exposeEngine(engine, port1);
    const remote = connectEngine(port2);
    await remote.query();
    await body(remote, engine);
    await remote.query();
    assert.equal(engine.query(), { held: [], pending: [] });
    port1.close();
    await engine.close();
  });
}

const shared = { mode: 'shared' } as const;

testRemote('release() has freed the lock when it returns', async (remote, engine) => {
  const path = newFile();
  const lock = await remote.lock(path);
  assert.instance(lock, Lock);
  assert.is(tryLock(path), undefined);
  lock.release();
  assert.is(engine.query().held.length, 1, 'the engine has not heard of it');
  tryLock(path)!.release();
});

testRemote('downgrade() and tryUpgrade() have acted when they return', async (remote, engine) => {
  const path = newFile();
  const lock = await remote.lock(path);
  lock.downgrade();
  tryLock(path, shared)!.release();
  assert.is(engine.query().held[0]!.mode, 'exclusive', 'the engine has not heard of it');
  assert.is((await remote.query()).held[0]!.mode, 'shared');
  assert.ok(lock.tryUpgrade());
  assert.is(tryLock(path, shared), undefined);
  assert.is((await remote.query()).held[0]!.mode, 'exclusive');
  lock.release();
});

testRemote(
  'a descriptor that somebody opens after a release is not closed for it',
  async (remote) => {
    const path = newFile();
    const other = newFile();
    writeFileSync(other, 'contents');
    const lock = await remote.lock(path);
    const { fd } = lock;
    lock.release();
    const opened = openSync(other, 'r');
    assert.is.not(opened, fd, 'the number is taken until the engine has heard of the release');
    await remote.query();
    assert.is(readFileSync(opened, 'utf8'), 'contents');
    closeSync(opened);
    assert.equal(openFds(path), []);
  },
);

testRemote('what was granted before an abort was heard is released', async (remote, engine) => {
  const path = newFile();
  const abort = new AbortController();
  const holder = (await remote.tryLock(path))!;
  const waiting = rejection(remote.lock(path, { signal: abort.signal }));
  await remote.query();
  holder.release();
  abort.abort('enough');
  assert.is(await within(1000, 'the end', waiting), 'enough');
  await eventually('it is released', () => engine.stats().held === 0);
  assert.is(engine.stats().grants, 2, 'it was granted');
  tryLock(path)!.release();
});

testRemote('an upgrade that was granted before an abort was heard is undone', async (remote) => {
  const path = newFile();
  const abort = new AbortController();
  const lock = await remote.lock(path, shared);
  const reader = await remote.lock(path, shared);
  const upgrading = rejection(lock.upgrade({ signal: abort.signal }));
  await remote.query();
  reader.release();
  abort.abort('enough');
  assert.is(await within(1000, 'the end', upgrading), 'enough');
  assert.is(lock.mode, 'shared');
  assert.is((await remote.query()).held[0]!.mode, 'shared');
  tryLock(path, shared)!.release();
  lock.release();
});

testRemote('a timeout of 0 gets what is free, and nothing else', async (remote) => {
  const path = newFile();
  const lock = await remote.lock(path, { timeout: 0 });
  const waiting = rejection(remote.lock(path, { timeout: 0 }));
  assert.is((await within(1000, 'the end', waiting)).code, 'ERR_LOCK_TIMEOUT');
  lock.release();
});

testRemote(
  'a wait can be given up before it is sent, and when it is under way',
  async (remote, engine) => {
    const path = newFile();
    const abort = new AbortController();
    const unsent = rejection(remote.lock(path, { signal: abort.signal }));
    abort.abort('unsent');
    assert.is(await unsent, 'unsent');
    assert.is((await remote.stats()).grants, 0, 'the engine has never heard of it');
    const late = new AbortController();
    const sent = rejection(remote.lock(path, { signal: late.signal }));
    await Promise.resolve();
    late.abort('sent');
    assert.is(await sent, 'sent');
    await remote.query();
    assert.is(engine.stats().grants, 1);
    tryLock(path)!.release();
  },
);

testRemote('an abort for the reason of another timeout is an abort', async (remote) => {
  const path = newFile();
  const holder = await remote.lock(path);
  const reason = await rejection(remote.lock(path, { timeout: 0 }));
  holder.release();
  const abort = new AbortController();
  const waiting = rejection(remote.lock(path, { signal: abort.signal }));
  await Promise.resolve();
  abort.abort(reason);
  assert.is(await within(1000, 'the end', waiting), reason);
  await remote.query();
  tryLock(path)!.release();
});

testRemote('what onWait throws ends the wait', async (remote) => {
  const path = newFile();
  const lock = await remote.lock(path);
  const failure = new Error('on purpose');
  const onWait = (): void => {
    throw failure;
  };
  assert.is(await rejection(remote.lock(path, { onWait })), failure);
  assert.is(await rejection(lock.upgrade({ onWait }).then(() => Promise.reject(failure))), failure);
  assert.is((await remote.query()).pending.length, 0);
  lock.release();
});

testRemote('close() ends the waits of this client and no others', async (remote, engine) => {
  const path = newFile();
  const held = await remote.lock(path);
  const own = rejection(remote.lock(path));
  const other = engine.lock(path);
  await remote.query();
  await within(1000, 'close()', remote.close());
  assert.is((await own).code, 'ERR_LOCK_CLOSED');
  for (const ask of [remote.lock(path), remote.tryLock(path), remote.lockAll([{ path }])]) {
    assert.is((await rejection(ask)).code, 'ERR_LOCK_CLOSED');
  }
  assert.is(engine.query().pending.length, 1);
  assert.not(held.released);
  held.release();
  (await within(1000, 'the other wait', other)).release();
});

testRemote('an error has all its properties', async (remote) => {
  const error = await rejection(remote.lock('/nowhere/.ref'));
  assert.instance(error, LockError);
  const { name, code, errno, syscall, path, message } = error;
  assert.equal({ name, code, errno, syscall, path }, {
    name: 'LockError',
    code: 'ENOENT',
    errno: -2,
    syscall: 'open',
    path: '/nowhere/.ref',
  });
  assert.match(message, /^Cannot lock "\/nowhere\/\.ref" for writing: no such file/);
  const refused = await rejection(remote.adoptLock(-1, { mode: 'shared' }));
  assert.instance(refused, RangeError);
  assert.is(refused.code, 'ERR_OUT_OF_RANGE');
  const busy = await remote.lock(newFile());
  const again = await rejection(remote.adoptLock(busy.fd, { mode: 'shared' }));
  assert.instance(again, RangeError, 'which only the engine can tell');
  busy.release();
});

testRemote('old news of a lock change nothing but the books', async (remote, engine) => {
  const path = newFile();
  const lock = await remote.lock(path);
  const reader = remote.lock(path, shared);
  await remote.query();
  lock.downgrade();
  assert.ok(lock.tryUpgrade(), 'nobody was quicker');
  assert.is((await remote.query()).pending.length, 1, 'who hears of the downgrade comes too late');
  assert.is(engine.query().held[0]!.mode, 'exclusive');
  assert.is(tryLock(path, shared), undefined);
  lock.release();
  (await within(1000, 'the reader', reader)).release();
});

testRemote('detach() gives a number that the engine does not know', async (remote, engine) => {
  const path = newFile();
  const lock = await remote.lock(path);
  const { fd } = lock;
  const detached = lock.detach();
  assert.is.not(detached, fd);
  assert.is(tryLock(path), undefined, 'it is locked all the same');
  const adopted = engine.adoptLock(detached, { mode: 'exclusive' });
  await remote.query();
  assert.is(tryLock(path), undefined, 'the engine has closed its own');
  adopted.release();
  assert.equal(openFds(path), []);
});

testRemote(
  'release() has freed the lock when it returns, also while it waits to be upgraded',
  async (remote) => {
    const path = newFile();
    const lock = await remote.lock(path, shared);
    const reader = await remote.lock(path, shared);
    const upgrading = rejection(lock.upgrade());
    await remote.query();
    lock.release();
    reader.release();
    tryLock(path)!.release();
    assert.is((await within(1000, 'the end of the upgrade', upgrading)).code, 'ERR_LOCK_RELEASED');
  },
);

testRemote('a lock of the kind process is ended and changed by its own thread', async (remote) => {
  const path = newFile();
  const options = { kind: 'process' } as const;
  const lock = await remote.lock(path, options);
  assert.is(lock.kind, 'process');
  assert.is(await remote.tryLock(path, { ...options, mode: 'shared' }), undefined);
  lock.downgrade();
  assert.is(lock.mode, 'shared');
  const reader = (await remote.tryLock(path, { ...options, mode: 'shared' }))!;
  assert.throws(() => lock.tryUpgrade(), (e: LockError) => e.code === 'ERR_LOCK_UNSUPPORTED');
  assert.throws(() => lock.detach(), (e: LockError) => e.code === 'ERR_LOCK_UNSUPPORTED');
  const upgrading = lock.upgrade();
  assert.is((await remote.query()).pending.length, 1);
  reader.release();
  await within(1000, 'the upgrade', upgrading);
  assert.is(lock.mode, 'exclusive');
  assert.is((await remote.query()).held[0]!.mode, 'exclusive');
  const next = remote.lock(path, options);
  lock.release();
  (await within(1000, 'the next', next)).release();
});

test.run();
