import { unlinkSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertRefused } from '../support/rejection.ts';
import { LockEngine, tryLock } from '../support/subject.ts';
import { kind } from '../support/kind.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { eventually, within } from '../support/eventually.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { newFile, temp } from '../support/temp.ts';

const code = (promise: Promise<unknown>) =>
  promise.then(() => 'granted', (error: { code: string }) => error.code);

test('maxThreads bounds the threads, and waits beyond it are granted all the same', async () => {
  const engine = new LockEngine({ maxThreads: 2 });
  const files = Array.from({ length: 5 }, newFile);
  const held = files.map((file) => holdElsewhere(file));
  const waits = files.map((file) => engine.lock(file));
  for (const file of files.slice(0, 2)) await mustBlock(file);
  assert.is((await engine.stats()).blocked, 2);
  assert.is((await engine.stats()).parked, 3);
  assert.is((await engine.stats()).threads, 3, 'one of them watches the parked ones');

  // The last one's file becomes free while both threads are blocked on others.
  held[4]!.release();
  (await within(1000, 'the grant of a parked wait', waits[4]!)).release();

  // The oldest parked wait gets the first thread that is free.
  held[0]!.release();
  (await waits[0]!).release();
  await mustBlock(files[2]!);
  assert.is((await engine.stats()).parked, 1);
  for (const lock of held) lock.release();
  for (const wait of waits.slice(1, 4)) (await within(1000, 'the grant', wait)).release();
  await engine.close();
});

test('a parked wait ends by abort and by timeout', async () => {
  const engine = new LockEngine({ maxThreads: 1 });
  const files = [newFile(), newFile(), newFile()] as const;
  const [path, first, second] = files;
  const before = openFds(temp);
  const held = files.map((file) => holdElsewhere(file));
  const abort = new AbortController();
  const blocked = engine.lock(path);
  const aborted = code(engine.lock(first, { signal: abort.signal }));
  const timedOut = code(engine.lock(second, { timeout: 30 }));
  assert.is((await engine.stats()).parked, 2);
  await mustBlock(path);
  abort.abort({ code: 'aborted' });
  assert.is(await aborted, 'aborted');
  assert.is(await timedOut, 'ERR_LOCK_TIMEOUT');
  assert.is((await engine.stats()).parked, 0);
  for (const lock of held) lock.release();
  (await blocked).release();
  await engine.close();
  assert.equal(openFds(temp), before);
});

test('a parked wait on a file that is deleted ends with ERR_LOCK_REPLACED', async () => {
  const engine = new LockEngine({ maxThreads: 1 });
  const [path, other] = [newFile(), newFile()];
  const held = [holdElsewhere(path), holdElsewhere(other)];
  const blocked = engine.lock(path);
  const parked = code(engine.lock(other));
  await mustBlock(path);
  assert.is((await engine.stats()).parked, 1);
  unlinkSync(other);
  held[1]!.release();
  assert.is(await within(1000, 'the end of the parked wait', parked), 'ERR_LOCK_REPLACED');
  held[0]!.release();
  (await blocked).release();
  await engine.close();
});

test('close() ends every wait with ERR_LOCK_CLOSED and leaves held locks alone', async () => {
  const engine = new LockEngine({ maxThreads: 1 });
  const [path, ...others] = [newFile(), newFile(), newFile()] as const;
  const held = (await engine.tryLock(path))!;
  const elsewhere = others.map((file) => holdElsewhere(file));
  // In every place where a wait can be: behind a lock of its own engine, blocked, and parked.
  const waits = [...others, path, path].map((file) => code(engine.lock(file)));
  await mustBlock(others[0]);
  await within(1000, 'close()', engine.close());
  assert.equal(await Promise.all(waits), Array(4).fill('ERR_LOCK_CLOSED'));
  assert.is((await engine.stats()).threads, 0);
  assert.is(await tryLock(path), undefined);
  held.release();
  for (const lock of elsewhere) lock.release();
  for (const file of [path, ...others]) (await tryLock(file))!.release();
  await assertRefused(
    () => engine.tryLock(path),
    (e: { code: string }) => e.code === 'ERR_LOCK_CLOSED',
  );
  assert.is(await code(engine.lock(path)), 'ERR_LOCK_CLOSED');
  await engine.close();
});

test('close() before the first thread has started ends the wait too', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = holdElsewhere(path);
  const wait = code(engine.lock(path));
  await within(1000, 'close()', engine.close());
  assert.is(await wait, 'ERR_LOCK_CLOSED');
  held.release();
  (await tryLock(path))!.release();
});

test('close() within onWait is heard', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const held = (await tryLock(path))!;
  const wait = engine.lock(path, { onWait: () => void engine.close() });
  assert.is(await code(wait), 'ERR_LOCK_CLOSED');
  held.release();
});

test('no thread is started without a wait, and idle ones end', async () => {
  const engine = new LockEngine({ idleTimeout: 50 });
  const path = newFile();
  (await engine.lock(path)).release();
  assert.is((await engine.stats()).threads, 0);
  const held = holdElsewhere(path);
  const wait = engine.lock(path);
  await mustBlock(path);
  assert.is((await engine.stats()).threads, 1);
  held.release();
  (await wait).release();
  await eventually('the idle thread has ended', async () => (await engine.stats()).threads === 0);
  await engine.close();
});

test('the thread of one wait does the next one too, however soon that comes', async () => {
  const engine = new LockEngine();
  const path = newFile();
  for (let round = 0; round < 20; round++) {
    const held = holdElsewhere(path);
    const wait = engine.lock(path);
    await mustBlock(path);
    held.release();
    (await wait).release();
  }
  assert.is((await engine.stats()).threads, 1);
  await engine.close();
});

test('the only thread goes from one wait to the next without delay', async () => {
  const engine = new LockEngine({ maxThreads: 1 });
  const [first, second] = [newFile(), newFile()];
  const held = [holdElsewhere(first), holdElsewhere(second)];
  const waits = [engine.lock(first), engine.lock(second)];
  await mustBlock(first);
  assert.is((await engine.stats()).parked, 1);
  held[0]!.release();
  (await waits[0]!).release();
  await mustBlock(second);
  held[1]!.release();
  (await within(1000, 'the grant', waits[1]!)).release();
  await engine.close();
});

test('query() and stats() tell what the engine holds and waits for, and only it', async () => {
  const engine = new LockEngine();
  const [a, b] = [newFile(), newFile()];
  const other = (await tryLock(newFile()))!;
  const first = (await engine.tryLock(a, { mode: 'shared' }))!;
  const second = (await engine.tryLock(b))!;
  const wait = engine.lock(b, { mode: 'shared' });
  assert.equal(await engine.query(), {
    held: [
      { path: a, mode: 'shared', kind },
      { path: b, mode: 'exclusive', kind },
    ],
    pending: [
      { path: b, mode: 'shared', holders: [{ path: b, mode: 'exclusive', kind }] },
    ],
  });
  second.release();
  const third = await wait;
  assert.is((await engine.stats()).grants, 3);
  assert.is((await engine.stats()).held, 2);
  for (const lock of [first, third, other]) lock.release();
  assert.equal(await engine.query(), { held: [], pending: [] });
  await engine.close();
});

test('await using closes an engine', async () => {
  let outside: LockEngine;
  {
    await using engine = new LockEngine();
    outside = engine;
  }
  await assertRefused(() => outside.tryLock(newFile()), /closed/);
});

for (const options of [{ maxThreads: 0 }, { maxThreads: 1.5 }, { idleTimeout: -1 }]) {
  test(`new LockEngine(${JSON.stringify(options)}) is refused`, () => {
    assert.throws(
      () => new LockEngine(options),
      (error: { code: string }) => error.code === 'ERR_OUT_OF_RANGE',
    );
  });
}

test.run();
