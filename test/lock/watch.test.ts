import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { closeSync, openSync, readdirSync, readFileSync, readSync, unlinkSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Lock, LockEngine } from '../support/subject.ts';
import { eventually, within } from '../support/eventually.ts';
import { testHere } from '../support/here.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { rejection } from '../support/rejection.ts';
import { newFile, temp } from '../support/temp.ts';

/** How many files this process watches: lines `inotify wd:1 ino:…` of its descriptors. */
function watched(): number {
  let count = 0;
  for (const fd of readdirSync('/proc/self/fdinfo')) {
    try {
      count += readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').match(/^inotify wd:/gm)?.length ?? 0;
    } catch {
      // The descriptor of the listing itself has gone by now.
    }
  }
  return count;
}

/** An engine whose only thread waits for a file that nobody releases, so all others are parked. */
async function busyEngine(): Promise<{ engine: LockEngine; end(): Promise<void> }> {
  const engine = new LockEngine({ maxThreads: 1 });
  const path = newFile();
  const held = holdElsewhere(path);
  const blocked = engine.lock(path);
  await mustBlock(path);
  return {
    engine,
    end: async () => {
      held.release();
      (await within(1000, 'the blocked wait', blocked)).release();
      await engine.close();
      assert.is(watched(), 0);
    },
  };
}

for (const how of ['closes it', 'is killed', 'unlocks it'] as const) {
  test(`a parked wait is granted when the holder ${how}`, async () => {
    const { engine, end } = await busyEngine();
    const path = newFile();
    const locker = await startLocker('ofd', path);
    await locker.try('exclusive');
    const wait = engine.lock(path);
    assert.is((await engine.stats()).parked, 1);
    assert.is(watched(), 1);
    if (how === 'closes it') await locker.end();
    else if (how === 'is killed') await locker.program.kill();
    else await locker.unlock();
    (await within(1000, 'the grant', wait)).release();
    assert.is(watched(), 0);
    if (how === 'unlocks it') await locker.end();
    await end();
  });
}

test('a lock that is free when its wait is parked is not waited for', async () => {
  const { engine, end } = await busyEngine();
  const path = newFile();
  const held = holdElsewhere(path);
  const wait = engine.lock(path, { onWait: () => held.release() });
  (await within(1000, 'the grant', wait)).release();
  await end();
});

test('whoever opens and closes a watched file wakes nobody for good', async () => {
  const { engine, end } = await busyEngine();
  const path = newFile();
  const held = holdElsewhere(path);
  const wait = engine.lock(path);
  for (let round = 0; round < 100; round++) readFileSync(path);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.is((await engine.stats()).parked, 1);
  held.release();
  (await within(1000, 'the grant', wait)).release();
  await end();
});

test('two parked waits on one file, for different bytes, share a watch', async () => {
  const { engine, end } = await busyEngine();
  const path = newFile();
  const ranges = [0, 1, 2].map((start) => ({ start, length: 1 }));
  const held = ranges.map((range) => holdElsewhere(path, { range }));
  const waits = ranges.map((range) => engine.lock(path, { range }));
  assert.is((await engine.stats()).parked, 3);
  assert.is(watched(), 1);
  for (const [index, lock] of held.entries()) {
    lock.release();
    (await within(1000, `the grant of ${index}`, waits[index]!)).release();
  }
  await end();
});

testHere(
  'a subscriber that ends another wait on the same file does not end it twice',
  'it subscribes in the thread of the engine',
  async () => {
    const { engine, end } = await busyEngine();
    const path = newFile();
    const held = holdElsewhere(path);
    const aborts: AbortController[] = [];
    const outcomes = [0, 1, 2].map((start) => {
      const abort = new AbortController();
      aborts.push(abort);
      return engine.lock(path, { range: { start, length: 1 }, signal: abort.signal });
    });
    const ends = outcomes.map((outcome) =>
      outcome.then((lock) => lock.release(), (reason) => reason)
    );
    let mine = -1;
    const listen = (): void => {
      unsubscribe('reflock:grant', listen);
      for (const abort of aborts) abort.abort('enough');
      // Likely the number that the aborted waits have just closed.
      mine = openSync(path, 'r');
    };
    subscribe('reflock:grant', listen);
    held.release();
    const reasons = await within(1000, 'all ends', Promise.all(ends));
    assert.equal(reasons.filter((reason) => reason === 'enough').length, 2);
    assert.is((await engine.stats()).giveUps, 2);
    assert.is(readSync(mine, new Uint8Array(1)), 0, 'it is still open');
    closeSync(mine);
    await end();
  },
);

test('a parked wait whose file is deleted ends when the holder lets go', async () => {
  const { engine, end } = await busyEngine();
  const path = newFile();
  const held = holdElsewhere(path);
  const wait = rejection(engine.lock(path));
  assert.is((await engine.stats()).parked, 1);
  unlinkSync(path);
  held.release();
  assert.is((await within(1000, 'the end', wait)).code, 'ERR_LOCK_REPLACED');
  await end();
});

test('a crowd of waits shares one thread, also those that had one of their own', async () => {
  const engine = new LockEngine({ maxThreads: 4, idleTimeout: 0 });
  const before = openFds(temp);
  const files = Array.from({ length: 100 }, newFile);
  const held = files.map((file) => holdElsewhere(file));
  const waits: Promise<Lock>[] = [];
  for (const [index, file] of files.entries()) {
    waits.push(engine.lock(file));
    if (index === 3) { for (const blocked of files.slice(0, 4)) await mustBlock(blocked); }
  }
  await eventually('all are parked', async () => (await engine.stats()).parked === 100);
  await eventually('one thread is left', async () => (await engine.stats()).threads === 1);
  assert.is(watched(), 100);
  for (const lock of held) lock.release();
  for (const lock of await within(5000, 'all grants', Promise.all(waits))) lock.release();
  await engine.close();
  assert.is((await engine.stats()).threads, 0);
  assert.is(watched(), 0);
  assert.equal(openFds(temp), before);
});

test('one parked wait serves its whole file when the holder dies', async () => {
  const { engine, end } = await busyEngine();
  const path = newFile();
  const locker = await startLocker('posix', path);
  await locker.try('exclusive');
  const readers = [1, 2, 3].map(() => engine.lock(path, { mode: 'shared' }));
  const writer = engine.lock(path);
  assert.is((await engine.stats()).parked, 1);
  assert.is((await engine.stats()).queued, 3);
  await locker.program.kill();
  const granted = await within(1000, 'the readers', Promise.all(readers));
  assert.is((await engine.stats()).queued, 1);
  for (const lock of granted) lock.release();
  (await within(1000, 'the writer', writer)).release();
  await end();
});

test.run();
