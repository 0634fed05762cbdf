import { constants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { holdElsewhere } from '../support/elsewhere.ts';
import { eventually, within } from '../support/eventually.ts';
import { beginFaults, faultyLock, oneFailure, testEngineFault } from '../support/faults.ts';
import { kind, testOfd } from '../support/kind.ts';
import { mustBlock } from '../support/must-block.ts';
import { rejection } from '../support/rejection.ts';
import { newFile } from '../support/temp.ts';
import { assertTyped, thrown } from '../support/typed-error.ts';

beginFaults(import.meta.url);

/** A process-associated lock is released by a call that the fault would hit, and has no descriptor. */
const testOfdFault = kind === 'ofd' ? testEngineFault : (name: string) => testOfd(name, () => {});

const { EACCES, EINTR, EIO, ENOLCK, EPERM } = constants.errno;

for (const [code, errno] of Object.entries({ ENOLCK, EIO, EPERM })) {
  testEngineFault(`${code} on a try is an error, and the lock is free`, async (engine) => {
    const path = newFile();
    const failing = faultyLock('try', errno);
    assertTyped(thrown(() => engine.tryLock(path)), code, 'fcntl', path);
    assertTyped(await rejection(engine.lock(path)), code, 'fcntl', path);
    assert.ok(failing.applied() >= 2);
    failing.end();
    engine.tryLock(path)!.release();
  });
}

// Of a try EACCES tells that somebody is in the way, of a wait it tells nothing of the kind.
for (const [code, errno] of Object.entries({ ENOLCK, EIO, EACCES, EPERM })) {
  testEngineFault(
    `${code} on a blocking call is an error, and no lock comes later`,
    async (engine) => {
      const path = newFile();
      const held = holdElsewhere(path);
      const failing = faultyLock('wait', errno);
      const error = await within(5000, 'the error', rejection(engine.lock(path)));
      assertTyped(error, code, 'fcntl', path);
      assert.is(failing.applied(), 1);
      assert.equal(engine.query(), { held: [], pending: [] });
      held.release();
      holdElsewhere(path).release();
    },
  );
}

testEngineFault('EINTR from a try is no error, and without end it is one', async (engine) => {
  const path = newFile();
  let failing = faultyLock('try', EINTR, 5);
  engine.tryLock(path)!.release();
  assert.is(failing.applied(), 5);
  failing = faultyLock('try', EINTR, 5);
  (await engine.lock(path)).release();
  assert.is(failing.applied(), 5);
  faultyLock('try', EINTR);
  assertTyped(thrown(() => engine.tryLock(path)), 'EINTR', 'fcntl', path);
});

testEngineFault('EINTR from a blocking call is no end of the wait', async (engine) => {
  const path = newFile();
  const held = holdElsewhere(path);
  const failing = faultyLock('wait', EINTR, 1000);
  const waiting = engine.lock(path);
  await mustBlock(path);
  assert.is(failing.applied(), 1000);
  held.release();
  (await within(5000, 'the grant', waiting)).release();
});

testEngineFault('EINTR without end does not keep an abort from ending the wait', async (engine) => {
  const path = newFile();
  const held = holdElsewhere(path);
  const failing = faultyLock('wait', EINTR);
  const abort = new AbortController();
  const waiting = rejection(engine.lock(path, { signal: abort.signal }));
  await eventually('the thread is in its call', () => failing.applied() > 100);
  abort.abort('enough');
  assert.is(await within(5000, 'the end', waiting), 'enough' as never);
  held.release();
  holdElsewhere(path).release();
});

testOfdFault('of those in a line only the one whose try fails has the error', async (engine) => {
  const path = newFile();
  const held = engine.tryLock(path)!;
  const first = rejection(engine.lock(path));
  const second = engine.lock(path);
  assert.is(engine.stats().queued, 2);
  faultyLock('try', ENOLCK, oneFailure);
  held.release();
  assertTyped(await first, 'ENOLCK', 'fcntl', path);
  (await within(5000, 'the second', second)).release();
});

testEngineFault('a lock whose change fails is held as before', async (engine) => {
  const path = newFile();
  const lock = engine.tryLock(path, { mode: 'shared' })!;
  let failing = faultyLock('try', ENOLCK);
  assertTyped(thrown(() => lock.tryUpgrade()), 'ENOLCK', 'fcntl', path);
  assertTyped(await rejection(lock.upgrade()), 'ENOLCK', 'fcntl', path);
  failing.end();
  assert.is(lock.mode, 'shared');
  holdElsewhere(path, { mode: 'shared' }).release();
  assert.is(lock.tryUpgrade(), true);
  failing = faultyLock('try', EIO);
  assertTyped(thrown(() => lock.downgrade()), 'EIO', 'fcntl', path);
  failing.end();
  assert.is(lock.mode, 'exclusive');
  assert.is(holdElsewhere(path, { mode: 'shared' }), undefined);
  lock.release();
});

testEngineFault('an upgrade whose blocking call fails leaves the lock shared', async (engine) => {
  const path = newFile();
  const lock = engine.tryLock(path, { mode: 'shared' })!;
  const other = holdElsewhere(path, { mode: 'shared' });
  const failing = faultyLock('wait', ENOLCK);
  const error = await within(5000, 'the error', rejection(lock.upgrade()));
  assertTyped(error, 'ENOLCK', 'fcntl', path);
  failing.end();
  const upgrade = lock.upgrade();
  await mustBlock(path);
  other.release();
  await within(5000, 'the upgrade', upgrade);
  lock.release();
});

testEngineFault(
  'a parked wait whose try fails has the error, and the others go on',
  async (engine) => {
    const files = [newFile(), newFile(), newFile(), newFile()];
    const held = files.map((file) => holdElsewhere(file));
    const waits = files.map((file) => engine.lock(file));
    assert.is(engine.stats().parked, 2);
    await Promise.all(files.slice(0, 2).map((file) => mustBlock(file)));
    faultyLock('try', ENOLCK, oneFailure);
    const first = Promise.race(waits.slice(2));
    const error = await within(5000, 'the error', rejection(first));
    assertTyped(error, 'ENOLCK', 'fcntl', error.path!);
    assert.ok(files.slice(2).includes(error.path!));
    for (const lock of held) lock.release();
    const outcomes = await Promise.allSettled(waits);
    for (const outcome of outcomes) if (outcome.status === 'fulfilled') outcome.value.release();
    assert.is(outcomes.filter(({ status }) => status === 'rejected').length, 1);
    // What was left behind of it would be a lock by now.
    for (const path of files) holdElsewhere(path).release();
  },
);

testEngineFault('lockAll() of which one fails holds none of them', async (engine) => {
  const files = [newFile(), newFile(), newFile()];
  const failing = faultyLock('try', ENOLCK, oneFailure);
  const requests = files.map((path) => ({ path }));
  const error = await rejection(engine.lockAll(requests));
  assertTyped(error, 'ENOLCK', 'fcntl', error.path!);
  assert.ok(files.includes(error.path!));
  assert.is(failing.applied(), oneFailure);
  using set = await engine.lockAll(requests);
  assert.is(set.locks.length, 3);
});

testOfdFault('a descriptor whose lock call fails is not adopted, and stays open', (engine) => {
  const path = newFile();
  const fd = engine.tryLock(path)!.detach();
  const failing = faultyLock('try', EIO);
  const error = thrown(() => engine.adoptLock(fd, { mode: 'exclusive' }));
  assertTyped(error, 'EIO', 'fcntl', path);
  failing.end();
  engine.adoptLock(fd, { mode: 'exclusive' }).release();
});

test.run();
