/**
 * Filesystems whose server does not answer: the call by which a thread waits does not return, and no
 * signal ends it but a fatal one.
 */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { closeFd } from '../../src/linux/open.ts';
import { LockEngine } from '../../src/mod.ts';
import { holdElsewhere, tryElsewhere } from '../support/elsewhere.ts';
import { eventually, within } from '../support/eventually.ts';
import { beginFaults, canHang, fault, HANG, SETLKW } from '../support/faults.ts';
import { testEngineFault, testFault } from '../support/faults.ts';
import { kind } from '../support/kind.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { rejection } from '../support/rejection.ts';
import { newFile, temp } from '../support/temp.ts';

beginFaults(import.meta.url);

/** Within so many milliseconds a wait must be over whose thread is stuck: five seconds, and more for a busy machine. */
const LIMIT = 10_000;

const isHere = canHang();
const testStuck = isHere ? testEngineFault : (name: string) => test.skip(name);

/** Has the calls hang by which threads wait from now on. */
function hang() {
  return fault({ call: 'fcntl', errno: HANG, argument: { index: 1, value: SETLKW } });
}

/** The descriptors of a file that this engine has open; others are this process's holders. */
function fdsOf(path: string): number {
  return openFds(temp).filter((fd) => fd.endsWith(` ${path}`)).length;
}

async function isFree(path: string): Promise<void> {
  await eventually(`${path} is free`, () => {
    const lock = tryElsewhere(path);
    lock?.release();
    return lock !== undefined;
  });
}

testStuck(
  'a wait whose thread is stuck is over some seconds after it was given up',
  async (engine) => {
    const [aborted, late, other] = [newFile(), newFile(), newFile()];
    const before = openFds(temp);
    const held = [aborted, late, other].map((path) => holdElsewhere(path));
    const holding = openFds(temp).length - before.length;
    const hanging = hang();
    const abort = new AbortController();
    const waits = [
      rejection(engine.lock(aborted, { signal: abort.signal })),
      rejection(engine.lock(late, { timeout: 60_000, signal: abort.signal })),
    ];
    await eventually('both threads are stuck', () => hanging.applied() === 2);
    const began = performance.now();
    abort.abort('enough');
    const timed = rejection(engine.lock(late, { timeout: 50 }));
    assert.is((await within(LIMIT, 'a wait in line', timed)).code, 'ERR_LOCK_TIMEOUT');
    assert.equal(await within(LIMIT, 'the ends', Promise.all(waits)), ['enough', 'enough']);
    assert.ok(performance.now() - began >= 4000, 'the thread was given time');
    assert.equal(engine.query(), { held: [], pending: [] });
    assert.is(engine.stats().blocked, 0);
    // What a thread uses that has not come back stays open.
    assert.is(openFds(temp).length, before.length + holding + 2);

    // Others go on to be served, without a thread.
    const granted = engine.lock(other);
    await eventually('a parked wait', () => engine.stats().parked === 1);
    held[2]!.release();
    (await within(LIMIT, 'the grant', granted)).release();

    // One comes back with nothing, as its lock is held, and one with the lock.
    held[1]!.release();
    hanging.end();
    await eventually('it is closed', () => fdsOf(aborted) + fdsOf(late) === holding / 3);
    await isFree(late);
    held[0]!.release();
    await isFree(aborted);
    assert.equal(openFds(temp), before);
  },
);

testStuck(
  'an upgrade whose thread is stuck is over as well, and never comes later',
  async (engine) => {
    const path = newFile();
    const lock = engine.tryLock(path, { mode: 'shared' })!;
    const other = holdElsewhere(path, { mode: 'shared' });
    const hanging = hang();
    const abort = new AbortController();
    const waiting = rejection(lock.upgrade({ signal: abort.signal }));
    await eventually('the thread is stuck', () => hanging.applied() === 1);
    abort.abort('enough');
    assert.is(await within(LIMIT, 'the end', waiting), 'enough' as never);
    assert.equal([lock.mode, lock.released], ['shared', false]);
    other.release();
    hanging.end();
    // The call goes on, and is granted what nobody wants any more. When two waits have a thread each,
    // that one is back.
    const files = [newFile(), newFile()];
    const held = files.map((path) => holdElsewhere(path));
    const waits = files.map((path) => engine.lock(path));
    for (const file of files) await mustBlock(file);
    for (const one of held) one.release();
    for (const wait of waits) (await within(LIMIT, 'the grant', wait)).release();
    holdElsewhere(path, { mode: 'shared' }).release();
    assert.is(tryElsewhere(path), undefined, 'it is held');
    lock.release();
    await isFree(path);
  },
);

testStuck('a lock is released, or detached, although its upgrade is stuck', async (engine) => {
  if (kind !== 'ofd') return;
  const [path, given] = [newFile(), newFile()];
  const locks = [path, given].map((path) => engine.tryLock(path, { mode: 'shared' })!);
  const others = [path, given].map((path) => holdElsewhere(path, { mode: 'shared' }));
  const hanging = hang();
  const upgrades = locks.map((lock) => rejection(lock.upgrade()));
  await eventually('both threads are stuck', () => hanging.applied() === 2);
  locks[0]!.release();
  const fd = locks[1]!.detach();
  for (const end of await within(LIMIT, 'the ends', Promise.all(upgrades))) {
    assert.is(end.code, 'ERR_LOCK_RELEASED');
  }
  for (const other of others) other.release();
  hanging.end();
  await isFree(path);
  assert.is(fdsOf(path), 0);
  await eventually('only what was given away is open', () => fdsOf(given) === 1);
  holdElsewhere(given, { mode: 'shared' }).release();
  assert.is(tryElsewhere(given), undefined, 'it is shared still');
  closeFd(fd);
  await isFree(given);
});

(isHere ? testFault : test.skip)('close() does not wait for a thread that is stuck', async () => {
  const engine = new LockEngine({ maxThreads: 2 });
  const path = newFile();
  const held = holdElsewhere(path);
  const hanging = hang();
  const waiting = rejection(engine.lock(path));
  await eventually('the thread is stuck', () => hanging.applied() === 1);
  await within(LIMIT, 'the end of close()', engine.close());
  assert.is((await waiting).code, 'ERR_LOCK_CLOSED');
  held.release();
  hanging.end();
  await isFree(path);
  await eventually('the thread ends when it is back', () => engine.stats().threads === 0);
});

test.run();
