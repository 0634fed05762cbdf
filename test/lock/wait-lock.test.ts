import { mkdirSync, renameSync, unlinkSync } from 'node:fs';
import { basename } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lock, query, tryLock, withLock } from '../support/subject.ts';
import { kind } from '../support/kind.ts';
import { testHere } from '../support/here.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { sides } from '../support/sides.ts';
import { eventually, within } from '../support/eventually.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock, waitersInKernel } from '../support/must-block.ts';
import { rejection } from '../support/rejection.ts';
import { newFile, newPath, temp } from '../support/temp.ts';

test('lock() takes a free lock without announcing a wait', async () => {
  const path = newPath();
  const held = await lock(path, { create: true, onWait: () => assert.unreachable() });
  assert.is(held.mode, 'exclusive');
  held.release();
});

for (const who of ['ofd', 'posix'] as const) {
  test(`lock() is granted when a ${who} holder in another process lets go`, async () => {
    const path = newFile();
    const locker = await startLocker(who, path);
    await locker.try('shared');
    const announced: unknown[] = [];
    const waiting = lock(path, { onWait: ({ path, mode }) => announced.push({ path, mode }) });
    await mustBlock(path);
    const pending = (await query()).pending.map(({ path, mode }) => ({ path, mode }));
    assert.equal(announced, [{ path, mode: 'exclusive' }]);
    assert.equal(pending, [{ path, mode: 'exclusive' }]);
    await locker.unlock();
    const held = await within(1000, 'the grant', waiting);
    assert.is(await locker.try('shared'), 'busy');
    assert.equal(await query(), { held: [{ path, mode: 'exclusive', kind }], pending: [] });
    held.release();
    await locker.end();
  });
}

test('lock() is granted when the holder is killed', async () => {
  const path = newFile();
  const locker = await startLocker('ofd', path);
  await locker.try('exclusive');
  const waiting = lock(path, { mode: 'shared' });
  await mustBlock(path);
  await locker.program.kill();
  (await within(1000, 'the grant', waiting)).release();
});

test('all readers that wait get in together, whoever has kept them out', async () => {
  const path = newFile();
  for (const hold of [tryLock, holdElsewhere]) {
    const writer = (await hold(path))!;
    const readers = [1, 2, 3].map(() => lock(path, { mode: 'shared' }));
    if (hold === holdElsewhere) await eventually('a waiter', () => waitersInKernel(path) > 0);
    writer.release();
    const held = await within(1000, 'the grants', Promise.all(readers));
    for (const reader of held) reader.release();
  }
});

for (const { whose, hold, settled } of sides) {
  test(`a wait for ${whose} on a file that is deleted ends with ERR_LOCK_REPLACED`, async () => {
    const path = newFile();
    const remover = await hold(path);
    const waiting = lock(path, { mode: 'shared' });
    await settled(path);
    unlinkSync(path);
    remover.release();
    const error = await rejection(waiting);
    assert.is(error.code, 'ERR_LOCK_REPLACED');
    assert.match(error.message, 'for reading: it was deleted or replaced during the wait');
  });

  test(`a wait for ${whose} on a file that is replaced ends with ERR_LOCK_REPLACED`, async () => {
    const path = newFile();
    const remover = await hold(path);
    const waiting = lock(path);
    await settled(path);
    renameSync(newFile(), path);
    remover.release();
    assert.is((await rejection(waiting)).code, 'ERR_LOCK_REPLACED');
    (await tryLock(path))!.release();
  });

  test(`a wait for ${whose} with \`create\` goes on with the new file`, async () => {
    const path = newFile();
    const remover = await hold(path);
    const waiting = lock(path, { create: true });
    await settled(path);
    unlinkSync(path);
    remover.release();
    const held = await within(1000, 'the grant', waiting);
    assert.is(await tryLock(path), undefined, 'the lock is on the file that the path names');
    held.release();
  });

  testHere(
    `a wait for ${whose} on a relative path stays with its file`,
    'no worker may chdir()',
    async () => {
      const path = newFile();
      const home = process.cwd();
      const elsewhere = newPath();
      mkdirSync(elsewhere);
      process.chdir(temp);
      try {
        const holder = await hold(path);
        const waiting = lock(basename(path));
        await settled(path);
        process.chdir(elsewhere);
        holder.release();
        (await within(1000, 'the grant', waiting)).release();
      } finally {
        process.chdir(home);
      }
    },
  );
}

test('withLock() releases however the function ends, and gives its result', async () => {
  const path = newFile();
  const result = await withLock(path, {}, async (held) => {
    assert.is(await tryLock(path), undefined);
    return held.mode;
  });
  assert.is(result, 'exclusive');
  (await tryLock(path))!.release();
  const failure = new Error('on purpose');
  assert.is(await rejection(withLock(path, {}, () => Promise.reject(failure))), failure);
  assert.is(
    await rejection(withLock(path, {}, () => {
      throw failure;
    })),
    failure,
  );
  (await tryLock(path))!.release();
});

test('an error in onWait rejects, and nothing waits', async () => {
  const path = newFile();
  const held = (await tryLock(path))!;
  const failure = new Error('on purpose');
  const waiting = lock(path, {
    onWait: () => {
      throw failure;
    },
  });
  assert.is(await rejection(waiting), failure);
  assert.equal((await query()).pending, []);
  held.release();
});

test.run();
