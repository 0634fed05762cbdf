import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { connectEngine } from '../../src/remote/mod.ts';
import { eventually, within } from '../support/eventually.ts';
import { openFds } from '../support/open-fds.ts';
import { isFree } from '../support/reflock.ts';
import { rejection } from '../support/rejection.ts';
import { newFile, temp } from '../support/temp.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const program = new URL(`../fixtures/engine-thread.${extension}`, import.meta.url);

for (const how of ['is terminated', 'exits'] as const) {
  test(`when the engine's thread ${how}, everything asked of it is ERR_LOCK_CLOSED`, async () => {
    const worker = new Worker(program);
    worker.postMessage('expose');
    const engine = connectEngine(worker);
    const [own, busy] = [newFile(), newFile()];
    const held = await engine.lock(own, { mode: 'shared' });
    const other = tryLock(own, { mode: 'shared' })!;
    const holder = tryLock(busy)!;
    const waits = [engine.lock(busy), engine.lock(busy, { mode: 'shared' }), held.upgrade()];
    const errors = waits.map((wait) => rejection(wait));
    assert.is((await engine.query()).pending.length, 3);
    if (how === 'exits') worker.postMessage('exit');
    else worker.terminate();
    for (const error of errors) {
      const { code, path } = await within(1000, 'the end of a wait', error);
      assert.is(code, 'ERR_LOCK_CLOSED');
      assert.ok(path === busy || path === own);
    }
    for (const ask of [engine.lock(own), engine.tryLock(own), engine.query(), engine.stats()]) {
      assert.is((await rejection(ask)).code, 'ERR_LOCK_CLOSED');
    }
    // What is held stays held, and ends when it is released.
    assert.is(held.mode, 'shared');
    other.release();
    assert.is(tryLock(own), undefined);
    held.release();
    assert.ok(isFree(own));
    holder.release();
    assert.ok(isFree(busy));
    // What its waits had open died with it, unlocked; what it had given away has not.
    assert.equal(openFds(own), []);
  });
}

test('a release that the engine has not heard of leaves no descriptor', async () => {
  const before = openFds('/');
  const worker = new Worker(program);
  worker.postMessage('expose');
  const engine = connectEngine(worker);
  const paths = Array.from({ length: 10 }, newFile);
  const locks = await Promise.all(paths.map((path) => engine.lock(path)));
  await worker.terminate();
  for (const lock of locks) lock.release();
  for (const path of paths) assert.ok(isFree(path), 'at once');
  // On Deno it lives a moment longer than it says. All is noticed when this is.
  await eventually('its end', () => engine.query().then(() => false, () => true));
  const isLeft = (fd: string) => fd.endsWith(' /') || fd.includes(temp);
  // The thread had one with which to hollow out others.
  assert.is(openFds('/').filter(isLeft).length, before.filter(isLeft).length + 1);
});

test.run();
