import { readFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine } from '../support/subject.ts';
import { eventually, within } from '../support/eventually.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { testHere } from '../support/here.ts';
import { rejection } from '../support/rejection.ts';
import { newFile } from '../support/temp.ts';

const WHY = 'the moment is shorter than the way to another thread';

testHere('another process is let in between, however many wait here', WHY, async () => {
  const engine = new LockEngine({ maxHandOvers: 4 });
  const path = newFile();
  const held = (await engine.tryLock(path))!;
  const locker = await startLocker('ofd', path);
  const asked = locker.wait('exclusive');
  await mustBlock(path);
  let grants = 0;
  const waits = Array.from({ length: 400 }, async () => {
    const lock = await engine.lock(path);
    grants++;
    lock.release();
  });
  // While it cannot run, nobody but the recess keeps the waits from having their turn.
  const pid = locker.program.child.pid!;
  process.kill(pid, 'SIGSTOP');
  await eventually(
    'the locker stops',
    () => /^State:\tT/m.test(readFileSync(`/proc/${pid}/status`, 'utf8')),
  );
  held.release();
  for (let tick = 0; tick < 1000; tick++) await Promise.resolve();
  assert.is(grants, 4);
  process.kill(pid, 'SIGCONT');
  await within(5000, 'the other process', asked);
  assert.ok(grants < 400, 'before all others');
  assert.is((await engine.stats()).held, 0);
  await locker.unlock();
  await within(5000, 'everybody else', Promise.all(waits));
  await locker.end();
  await engine.close();
});

testHere(
  'a line that has ended while its lock was left to others does no harm to the next one',
  WHY,
  async () => {
    const engine = new LockEngine({ maxHandOvers: 1 });
    const [path, other] = [newFile(), newFile()];
    const held = (await engine.tryLock(path))!;
    const next = engine.lock(path);
    const abort = new AbortController();
    const late = rejection(engine.lock(path, { signal: abort.signal }));
    held.release();
    (await next).release();
    assert.is((await engine.stats()).queued, 1, 'for a moment the lock is left to others');
    abort.abort('given up');
    assert.is(await late, 'given up');
    // The engine forgets a file when the next one has ended.
    (await engine.tryLock(other))!.release();
    const again = (await engine.tryLock(path))!;
    const waits = engine.lock(path);
    await new Promise((resolve) => setTimeout(resolve, 5));
    (await engine.tryLock(other))!.release();
    assert.is((await engine.query()).pending[0]!.holders.length, 1);
    assert.is((await engine.stats()).queued, 1);
    again.release();
    (await within(5000, 'the hand-over', waits)).release();
    await engine.close();
  },
);

test.run();
