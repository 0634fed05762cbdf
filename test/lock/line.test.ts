import { unlinkSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Lock, LockEngine, spawnLocked } from '../support/subject.ts';
import { kind, testOfd } from '../support/kind.ts';
import { within } from '../support/eventually.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock, waitersInKernel } from '../support/must-block.ts';
import { wrap } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { newFile } from '../support/temp.ts';

/** Asks for locks of one file, and notes who has got which. */
function asker(engine: LockEngine, path: string) {
  const granted: string[] = [];
  const locks = new Map<string, Lock>();
  const ask = (name: string, mode: 'shared' | 'exclusive', start = 0, length = 0) => {
    const wait = engine.lock(path, { mode, range: { start, length } }).then((lock) => {
      granted.push(name);
      locks.set(name, lock);
    });
    return wait;
  };
  const release = async (...names: string[]) => {
    for (const name of names) locks.get(name)!.release();
    // Whoever answers has heard of it all.
    await engine.query();
    await Promise.resolve();
  };
  return { granted, locks, ask, release };
}

test('waits for a lock of the same engine are first in, first out, without a thread', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = (await engine.tryLock(path))!;
  const order: number[] = [];
  const waits = Array.from({ length: 50 }, async (_, index) => {
    const lock = await engine.lock(path);
    order.push(index);
    lock.release();
  });
  assert.is((await engine.stats()).queued, 50);
  assert.is(waitersInKernel(path), 0);
  held.release();
  await Promise.all(waits);
  assert.equal(order, Array.from(order.keys()));
  const { threads, handOvers, grants, held: left, queued } = await engine.stats();
  assert.equal({ threads, handOvers, grants, left, queued }, {
    threads: 0,
    handOvers: 50,
    grants: 51,
    left: 0,
    queued: 0,
  });
  await engine.close();
});

test('release() has handed the lock over when it returns', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = (await engine.tryLock(path))!;
  const wait = engine.lock(path);
  held.release();
  assert.is(await engine.tryLock(path), undefined);
  assert.is((await engine.stats()).held, 1);
  return wait.then((lock) => lock.release());
});

test('readers go together, and none past a writer that came before', async () => {
  const engine = new LockEngine();
  const { granted, ask, release } = asker(engine, newFile());
  await ask('reader 1', 'shared');
  void ask('writer', 'exclusive');
  void ask('reader 2', 'shared');
  void ask('reader 3', 'shared');
  void ask('late writer', 'exclusive');
  void ask('late reader', 'shared');
  await release();
  assert.equal(granted, ['reader 1']);
  await release('reader 1');
  assert.equal(granted.splice(0), ['reader 1', 'writer']);
  await release('writer');
  assert.equal(granted.splice(0), ['reader 2', 'reader 3']);
  await release('reader 2');
  assert.equal(granted, []);
  await release('reader 3');
  assert.equal(granted.splice(0), ['late writer']);
  await release('late writer');
  assert.equal(granted, ['late reader']);
  await release('late reader');
  await engine.close();
});

test('those behind a waiter that gives up can go', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = (await engine.tryLock(path, { mode: 'shared' }))!;
  const abort = new AbortController();
  const writer = engine.lock(path, { signal: abort.signal }).catch((reason) => reason);
  const reader = engine.lock(path, { mode: 'shared' });
  assert.is((await engine.stats()).queued, 2);
  abort.abort('enough');
  assert.is(await writer, 'enough');
  (await within(1000, 'the reader', reader)).release();
  held.release();
  await engine.close();
});

test('what is asked for together with its signal is given up together', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = (await engine.tryLock(path, { mode: 'shared' }))!;
  const abort = new AbortController();
  const outcomes = (['exclusive', 'shared', 'shared'] as const).map((mode) =>
    engine.lock(path, { mode, signal: abort.signal }).then(() => 'granted', (reason) => reason)
  );
  abort.abort('all');
  assert.equal(await Promise.all(outcomes), ['all', 'all', 'all']);
  held.release();
  await engine.close();
});

test('waits for different bytes of a file do not wait for each other', async () => {
  const engine = new LockEngine();
  const { granted, ask, release } = asker(engine, newFile());
  await ask('low', 'exclusive', 0, 10);
  await ask('high', 'exclusive', 10, 10);
  void ask('low again', 'exclusive', 0, 10);
  void ask('both', 'exclusive', 5, 10);
  void ask('high again', 'exclusive', 12, 3);
  await release();
  assert.equal(granted.splice(0), ['low', 'high']);
  await release('high');
  assert.equal(granted, [], '"both" came before "high again"');
  await release('low');
  assert.equal(granted.splice(0), ['low again']);
  await release('low again');
  assert.equal(granted.splice(0), ['both']);
  await release('both');
  assert.equal(granted, ['high again']);
  await release('high again');
  await engine.close();
});

test('an upgrade comes before all who wait, and a downgrade lets readers in', async () => {
  const engine = new LockEngine();
  const { granted, locks, ask, release } = asker(engine, newFile());
  await ask('reader', 'shared');
  await ask('other reader', 'shared');
  void ask('writer', 'exclusive');
  const upgrade = locks.get('reader')!.upgrade().then(() => granted.push('upgraded'));
  await release('other reader');
  await within(1000, 'the upgrade', upgrade);
  assert.equal(granted.splice(0), ['reader', 'other reader', 'upgraded']);
  await release('reader');
  assert.equal(granted.splice(0), ['writer']);
  void ask('last reader', 'shared');
  locks.get('writer')!.downgrade();
  await release();
  assert.equal(granted, ['last reader']);
  await release('writer', 'last reader');
  await engine.close();
});

testOfd('a lock that a child has inherited is still in the way after its release', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = (await engine.tryLock(path))!;
  const { child, ended } = wrap(spawnLocked(held, 'cat', [], { stdio: 'pipe' }));
  const wait = engine.lock(path);
  assert.is((await engine.stats()).queued, 1);
  held.release();
  await mustBlock(path);
  child.stdin!.end();
  (await within(1000, 'the grant', wait)).release();
  await ended;
  await engine.close();
});

test('the place in line is kept while another process has the lock', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const locker = await startLocker('ofd', path);
  await locker.try('exclusive');
  const { granted, ask, release } = asker(engine, path);
  const first = ask('reader 1', 'shared');
  const second = ask('reader 2', 'shared');
  const writer = ask('writer', 'exclusive');
  await mustBlock(path);
  const { blocked, queued } = await engine.stats();
  assert.equal({ blocked, queued }, { blocked: 1, queued: 2 }, 'one reader waits for both');
  await locker.unlock();
  await within(1000, 'the readers', Promise.all([first, second]));
  await release('reader 1', 'reader 2');
  await within(1000, 'the writer', writer);
  assert.equal(granted, ['reader 1', 'reader 2', 'writer']);
  await release('writer');
  await locker.end();
  await engine.close();
});

test('all who wait with `create` go on with the new file when theirs is deleted', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = (await engine.tryLock(path))!;
  const waits = [1, 2, 3, 4].map(async () => {
    (await engine.lock(path, { create: true })).release();
  });
  assert.is((await engine.stats()).queued, 4);
  unlinkSync(path);
  held.release();
  await within(1000, 'all grants', Promise.all(waits));
  await engine.close();
});

test('who waits behind one whose turn comes to nothing has its turn then', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = (await engine.tryLock(path, { range: { start: 0, length: 10 } }))!;
  const all = rejection(engine.lock(path, { range: { start: 0, length: 100 } }));
  const part = rejection(engine.lock(path, { range: { start: 50, length: 10 } }));
  assert.is((await engine.stats()).queued, 2);
  unlinkSync(path);
  held.release();
  const codes = (await within(1000, 'both ends', Promise.all([all, part]))).map(({ code }) => code);
  assert.equal(codes, ['ERR_LOCK_REPLACED', 'ERR_LOCK_REPLACED']);
  await engine.close();
});

test('query() and onWait name the holder in this process', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = (await engine.tryLock(path, { mode: 'shared' }))!;
  const told: unknown[] = [];
  const writer = engine.lock(path, { onWait: (info) => told.push(info) });
  const reader = engine.lock(path, { mode: 'shared', onWait: (info) => told.push(info) });
  const holders = [{ path, mode: 'shared', kind }];
  const infos = [{ path, mode: 'exclusive', holders }, { path, mode: 'shared', holders }];
  assert.equal((await engine.query()).pending, infos);
  assert.equal(told, infos, 'the reader is behind the writer, whom the holder keeps out');
  held.release();
  (await writer).release();
  (await reader).release();
  const other = new LockEngine();
  const elsewhere = (await other.tryLock(path))!;
  const wait = engine.lock(path, { onWait: (info) => told.push(info) });
  await engine.query();
  assert.equal(told.at(-1), { path, mode: 'exclusive', holders: [] }, "another engine's");
  elsewhere.release();
  (await wait).release();
  await other.close();
  await engine.close();
});

test.run();
