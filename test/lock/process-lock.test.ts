// Process-associated locks, asked for on any kernel. That all else is as ever where there are no
// others, the tests of locks and of runtimes show under a filter: npm run fallback

import { fstatSync, openSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Worker } from 'node:worker_threads';
import { adoptLock, LockEngine, type LockError, spawnLocked, tryLock } from '../../src/mod.ts';
import { holdElsewhere, tryElsewhere } from '../support/elsewhere.ts';
import { eventually, eventuallyWithoutEvents, within } from '../support/eventually.ts';
import { kernelLocksOn } from '../support/kernel-locks.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { startLocker } from '../support/locker.ts';
import { startOutsider } from '../support/outsider.ts';
import { testOfd } from '../support/kind.ts';
import { rejection } from '../support/rejection.ts';
import { newFile, temp } from '../support/temp.ts';

const exclusive = { kind: 'process' } as const;
const shared = { kind: 'process', mode: 'shared' } as const;
/** A reader of whom only the kernel knows. */
const stranger = { kind: 'ofd', mode: 'shared' } as const;
const isUnsupported = (error: LockError) => error.code === 'ERR_LOCK_UNSUPPORTED';

test('locks of the kind process conflict within the process as between two', async () => {
  const path = newFile();
  const before = openFds(temp);
  await using other = new LockEngine();
  const first = tryLock(path, shared)!;
  assert.is(first.kind, 'process');
  const second = other.tryLock(path, shared)!;
  assert.is(tryLock(path, exclusive), undefined);
  assert.is(first.tryUpgrade(), false);
  second.release();
  assert.is(first.tryUpgrade(), true);
  assert.is(other.tryLock(path, shared), undefined);
  first.downgrade();
  other.tryLock(path, shared)!.release();
  first.release();
  assert.equal(openFds(temp), before);
});

test('the kernel has what all holders have together, and no more', async () => {
  const path = newFile();
  const outsider = await startOutsider();
  const seen = () =>
    outsider.probe([0, 10, 20, 30].map((start) => {
      return { path, mode: 'exclusive', range: { start, length: 1 } };
    }));
  const take = (start: number, length: number, options: typeof shared | typeof exclusive) =>
    tryLock(path, { ...options, range: { start, length } })!;
  const modes = async () => (await seen()).map((answer) => answer.split(' ')[0]);
  const left = take(0, 20, shared);
  const right = take(10, 15, shared);
  const last = take(30, 0, exclusive);
  assert.equal(await modes(), ['shared', 'shared', 'shared', 'exclusive']);
  left.release();
  assert.equal(await modes(), ['free', 'shared', 'shared', 'exclusive']);
  last.downgrade();
  right.release();
  assert.equal(await modes(), ['free', 'free', 'free', 'shared']);
  last.release();
  assert.equal(await modes(), ['free', 'free', 'free', 'free']);
  await outsider.end();
});

test('no descriptor of a locked file is closed before the last lock on it has ended', async () => {
  const path = newFile();
  const locker = await startLocker('posix', path);
  const locks = [tryLock(path, shared)!, tryLock(path, shared)!];
  const open = openFds(temp);
  // Each of these would have opened the file and closed it, and with that ended both locks.
  for (let i = 0; i < 20; i++) assert.is(tryLock(path, exclusive), undefined);
  await using engine = new LockEngine();
  const late = await rejection(engine.lock(path, { ...exclusive, timeout: 5 }));
  assert.is(late.code, 'ERR_LOCK_TIMEOUT');
  locks[0]!.release();
  assert.equal(openFds(temp), open, 'and none is opened anew');
  assert.is(await locker.try('exclusive'), 'busy');
  locks[1]!.release();
  assert.is(await locker.try('exclusive'), 'ok');
  await locker.end();
});

test('a lock that may be of any kind is of the one that its file has already', () => {
  const path = newFile();
  const first = tryLock(path, shared)!;
  const second = tryLock(path, { mode: 'shared' })!;
  assert.is(second.kind, 'process');
  second.release();
  first.release();
});

testOfd(
  'a lock of an open file description ends and leaves the others of the process',
  async () => {
    const path = newFile();
    const locker = await startLocker('posix', path);
    const lock = tryLock(path, shared)!;
    const other = tryLock(path, { mode: 'shared', kind: 'ofd' })!;
    other.release();
    assert.is(await locker.try('exclusive'), 'busy');
    lock.release();
    assert.is(await locker.try('exclusive'), 'ok');
    await locker.end();
  },
);

test('a lock that nobody else can have is neither detached nor inherited', () => {
  const lock = tryLock(newFile(), exclusive)!;
  assert.throws(() => lock.detach(), isUnsupported);
  assert.throws(() => spawnLocked(lock, 'true'), isUnsupported);
  assert.is(lock.released, false);
  lock.release();
});

test('a thread that waits for a shared lock takes no exclusive one away', async () => {
  const path = newFile();
  await using engine = new LockEngine();
  const held = holdElsewhere(path);
  const reader = engine.lock(path, shared);
  await mustBlock(path);
  held.release();
  // The thread is about to have it, and that would replace what we have: it is recalled.
  const writer = tryLock(path, exclusive)!;
  assert.is(tryElsewhere(path, stranger), undefined);
  await eventually('the wait goes on', () => engine.stats().parked === 1);
  assert.is(tryElsewhere(path, stranger), undefined);
  writer.release();
  (await within(1000, 'the reader', reader)).release();
  tryLock(path, exclusive)!.release();
});

test('what a thread was granted is not given to a second one who conflicts', async () => {
  const path = newFile();
  await using engine = new LockEngine();
  const held = holdElsewhere(path, { mode: 'shared' });
  let granted = false;
  const writer = engine.lock(path, exclusive).finally(() => granted = true);
  await mustBlock(path);
  held.release();
  eventuallyWithoutEvents(() => kernelLocksOn(path).exclusive === 1);
  const reader = tryLock(path, shared)!;
  await eventually('the wait goes on', () => engine.stats().parked === 1);
  assert.is(granted, false);
  tryElsewhere(path, stranger)!.release();
  reader.release();
  (await within(1000, 'the writer', writer)).release();
});

test('a reader that comes while a thread waits for an exclusive lock keeps it out', async () => {
  const path = newFile();
  await using engine = new LockEngine();
  const locker = await startLocker('posix', path);
  await locker.try('shared');
  const writer = engine.lock(path, exclusive);
  await mustBlock(path);
  const reader = tryLock(path, shared)!;
  // The thread is recalled: what it could be granted now would be more than anybody has.
  await mustBlock(path, 0);
  await locker.unlock();
  assert.is(await locker.try('shared'), 'ok', 'there are only readers');
  await locker.end();
  reader.release();
  (await within(1000, 'the writer', writer)).release();
});

test('a wait that the kernel sees to be a deadlock is ERR_LOCK_DEADLOCK', async () => {
  const [ours, theirs] = [newFile(), newFile()];
  await using engine = new LockEngine();
  const lock = tryLock(ours, exclusive)!;
  const other = await startLocker('posix', theirs);
  await other.try('exclusive');
  // The kernel knows the two locks of a process together only.
  other.program.send(`also ${ours}`);
  await mustBlock(ours);
  const error = await within(
    5000,
    'the end of the wait',
    rejection(engine.lock(theirs, exclusive)),
  );
  assert.is(error.code, 'ERR_LOCK_DEADLOCK');
  assert.is(error.syscall, 'fcntl');
  assert.match(error.message, /: its holder waits for a lock of this process$/);
  assert.is(tryLock(ours, shared), undefined, 'what is held stays held');
  lock.release();
  assert.is(await other.program.line(), 'ok');
  await other.end();
});

test('adoptLock() takes over a descriptor, or leaves it to the caller', async () => {
  const path = newFile();
  const locker = await startLocker('posix', path);
  await locker.try('exclusive');
  const before = openFds(temp);
  const fd = openSync(path, 'r+');
  const adopt = () => adoptLock(fd, { mode: 'exclusive', kind: 'process' });
  assert.throws(adopt, (error: LockError) => error.code === 'ERR_LOCK_BUSY');
  assert.ok(fstatSync(fd).isFile());
  await locker.unlock();
  const lock = adopt();
  assert.is(lock.fd, fd);
  assert.is(await locker.try('shared'), 'busy');
  lock.release();
  assert.is(await locker.try('shared'), 'ok');
  assert.equal(openFds(temp), before);
  await locker.end();
});

test('in a Worker there are none', async () => {
  const path = newFile();
  const mod = new URL(import.meta.url.replace(/test\/lock\/[^/]+\.(\w+)$/, 'src/mod.$1')).href;
  const worker = new Worker(
    `import(${JSON.stringify(mod)}).then(({ tryLock }) => {
      let said = 'granted';
      try {
        tryLock(${JSON.stringify(path)}, { kind: 'process' });
      } catch (error) {
        said = error.code + ': ' + error.message;
      }
      require('node:worker_threads').parentPort.postMessage(said);
    });`,
    { eval: true },
  );
  const said = await within(
    5000,
    'an answer',
    new Promise<string>((resolve) => worker.once('message', resolve)),
  );
  assert.match(said, /^ERR_LOCK_UNSUPPORTED: .*only the main thread can have/);
  await worker.terminate();
});

test.run();
