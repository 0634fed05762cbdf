import { closeSync, openSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lock, query, tryLock } from '../support/subject.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { within } from '../support/eventually.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { rejection } from '../support/rejection.ts';
import { newFile, newPath, temp } from '../support/temp.ts';

test('lock() with a timeout rejects with ERR_LOCK_TIMEOUT when it runs out', async () => {
  const path = newFile();
  const held = (await tryLock(path))!;
  const began = performance.now();
  const error = await rejection(lock(path, { timeout: 50 }));
  assert.ok(performance.now() - began >= 49);
  assert.is(error.code, 'ERR_LOCK_TIMEOUT');
  assert.is(error.path, path);
  assert.is(error.message, `Cannot lock "${path}" for writing: still busy after 50 ms`);
  held.release();
  const free = await lock(path, { timeout: 0 });
  const refused = await rejection(lock(path, { timeout: 0 }));
  assert.is(refused.code, 'ERR_LOCK_TIMEOUT');
  free.release();
});

test('lock() that times out names a file that was given by its directory in full', async () => {
  const path = newFile();
  const held = (await tryLock(path))!;
  const at = openSync(dirname(path), 'r');
  const error = await rejection(lock(basename(path), { at, timeout: 0 }));
  assert.is(error.message, `Cannot lock "${path}" for writing: still busy after 0 ms`);
  assert.is(error.path, basename(path), 'as it was given');
  closeSync(at);
  held.release();
});

test('lock() with a timeout beyond what a timer can count does not end at once', async () => {
  const path = newFile();
  const held = holdElsewhere(path);
  const waiting = lock(path, { timeout: 2 ** 40 });
  await mustBlock(path);
  held.release();
  (await waiting).release();
});

test('an abort in any state of the wait rejects with its reason and leaves nothing', async () => {
  const path = newFile();
  const reason = { why: 'changed my mind' };
  const before = openFds(temp);
  const held = holdElsewhere(path);

  // Before it begins: no file is touched.
  const missing = newPath();
  const early = lock(missing, { create: true, signal: AbortSignal.abort(reason) });
  assert.is(await rejection(early), reason);
  assert.throws(() => statSync(missing), (error: { code: string }) => error.code === 'ENOENT');

  // In `onWait`.
  const inside = new AbortController();
  const announced = lock(path, { signal: inside.signal, onWait: () => inside.abort(reason) });
  assert.is(await rejection(announced), reason);

  // Before the thread has begun.
  const queued = new AbortController();
  const soon = lock(path, { signal: queued.signal });
  queued.abort(reason);
  assert.is(await rejection(soon), reason);

  // Blocked in the kernel.
  const blocked = new AbortController();
  const waiting = lock(path, { signal: blocked.signal });
  await mustBlock(path);
  blocked.abort(reason);
  assert.is(await rejection(waiting), reason);
  await mustBlock(path, 0);

  // At the moment of the grant: whichever came first, nothing is held by mistake.
  const late = new AbortController();
  const race = lock(path, { signal: late.signal });
  await mustBlock(path);
  held.release();
  late.abort(reason);
  assert.is(await rejection(race), reason);

  // After the grant: too late.
  const after = new AbortController();
  const granted = await lock(path, { signal: after.signal });
  after.abort(reason);
  assert.not(granted.released);

  // Behind a lock of its own engine, and at the moment when that is released.
  for (const release of [() => {}, () => granted.release()]) {
    const behind = new AbortController();
    const inLine = lock(path, { signal: behind.signal });
    behind.abort(reason);
    release();
    assert.is(await rejection(inLine), reason);
  }

  (await tryLock(path))!.release();
  assert.equal(openFds(temp), before);
  assert.equal(await query(), { held: [], pending: [] });
});

test('an abort that races with the grant ends in the lock or in nothing', async () => {
  const path = newFile();
  const spin = (µs: number) => {
    const end = performance.now() + µs / 1000;
    while (performance.now() < end);
  };
  const outcomes = { granted: 0, aborted: 0 };
  for (let round = 0; round < 200; round++) {
    const held = holdElsewhere(path);
    assert.ok(held, `round ${round}: nothing is left of the one before`);
    const abort = new AbortController();
    const waiting = lock(path, { signal: abort.signal }).then(
      (granted) => {
        outcomes.granted++;
        granted.release();
      },
      (reason) => {
        assert.is(reason, 'race');
        outcomes.aborted++;
      },
    );
    await mustBlock(path);
    // The thread is woken while the signal is on its way, at distances of 0 to 200 µs; in every
    // other round the owner gets the chance to hear of the grant first: a millisecond, for on Deno
    // immediates and microtasks go before word from other threads.
    held.release();
    spin(round);
    if (round % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    abort.abort('race');
    await within(1000, 'the outcome', waiting);
  }
  assert.ok(outcomes.aborted > 0 && outcomes.granted > 0, JSON.stringify(outcomes));
  (await tryLock(path))!.release();
});

test('many waits may share one signal, and it has no listener left afterwards', async () => {
  const path = newFile();
  const held = (await tryLock(path))!;
  const warnings: Error[] = [];
  const warned = (warning: Error) => warnings.push(warning);
  process.on('warning', warned);
  const { signal } = new AbortController();
  let listeners = 0;
  const abort = new AbortController();
  const count =
    (by: number, original: typeof signal.addEventListener) =>
    (...args: Parameters<typeof signal.addEventListener>): void => {
      listeners += by;
      original.apply(abort.signal, args);
    };
  abort.signal.addEventListener = count(1, signal.addEventListener);
  abort.signal.removeEventListener = count(-1, signal.removeEventListener);
  const waits = Array.from({ length: 20 }, () => rejection(lock(path, { signal: abort.signal })));
  assert.is(listeners, 1);
  abort.abort('all');
  assert.equal(await Promise.all(waits), Array(20).fill('all'));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(warnings, []);
  assert.is(listeners, 0);
  process.off('warning', warned);
  held.release();
});

test('the first reason to give up wins', async () => {
  const path = newFile();
  const held = holdElsewhere(path);
  const abort = new AbortController();
  const waiting = lock(path, { signal: abort.signal, timeout: 10_000 });
  await mustBlock(path);
  abort.abort('first');
  abort.abort('second');
  assert.is(await rejection(waiting), 'first');
  held.release();
});

test.run();
