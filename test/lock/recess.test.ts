import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine } from '../../src/mod.ts';
import { within } from '../support/eventually.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { rejection } from '../support/rejection.ts';
import { newFile } from '../support/temp.ts';

test('another process is let in between, however many wait here', async () => {
  const engine = new LockEngine({ maxHandOvers: 4 });
  const path = newFile();
  const held = engine.tryLock(path)!;
  const locker = await startLocker('ofd', path);
  const asked = locker.wait('exclusive');
  await mustBlock(path);
  let grants = 0;
  const waits = Array.from({ length: 100 }, async () => {
    const lock = await engine.lock(path);
    grants++;
    lock.release();
  });
  held.release();
  await within(5000, 'the other process', asked);
  // It may come in at the second or third chance when the machine is busy, but not at the last.
  assert.ok(grants <= 40, `after ${grants} grants`);
  assert.is(engine.stats().held, 0);
  await locker.unlock();
  await within(5000, 'everybody else', Promise.all(waits));
  await locker.end();
  await engine.close();
});

test('a line that has ended while its lock was left to others does no harm to the next one', async () => {
  const engine = new LockEngine({ maxHandOvers: 1 });
  const [path, other] = [newFile(), newFile()];
  const held = engine.tryLock(path)!;
  const next = engine.lock(path);
  const abort = new AbortController();
  const late = rejection(engine.lock(path, { signal: abort.signal }));
  held.release();
  (await next).release();
  assert.is(engine.stats().queued, 1, 'for a moment the lock is left to others');
  abort.abort('given up');
  assert.is(await late, 'given up');
  // The engine forgets a file when the next one has ended.
  engine.tryLock(other)!.release();
  const again = engine.tryLock(path)!;
  const waits = engine.lock(path);
  await new Promise((resolve) => setTimeout(resolve, 5));
  engine.tryLock(other)!.release();
  assert.is(engine.query().pending[0]!.holders.length, 1);
  assert.is(engine.stats().queued, 1);
  again.release();
  (await within(5000, 'the hand-over', waits)).release();
  await engine.close();
});

test.run();
