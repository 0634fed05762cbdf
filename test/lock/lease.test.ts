import { closeSync, openSync, symlinkSync } from 'node:fs';
import { renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine as LocalEngine } from '../../src/mod.ts';
import { LockEngine } from '../support/subject.ts';
import { within } from '../support/eventually.ts';
import { openFds } from '../support/open-fds.ts';
import { type Program, start } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { root } from '../support/runtime.ts';
import { newFile, temp } from '../support/temp.ts';

/** A process that has a lease on a file. */
interface Lessee {
  /** Returns when somebody has asked for the file. */
  asked(): Promise<void>;
  letsGo(): Promise<void>;
  ends(): Promise<void>;
}

async function lease(path: string, mode: 'read' | 'write' = 'write'): Promise<Lessee> {
  const program: Program = start(['python3', `${root}/test/fixtures/lease.py`, path, mode]);
  const hears = async (word: string) =>
    assert.is(await within(10_000, word, program.line()), word, program.stderr());
  await hears('leased');
  return {
    asked: () => hears('breaking'),
    letsGo: async () => {
      program.send('go');
      await hears('gone');
    },
    ends: async () => {
      program.child.stdin!.end();
      await program.ended;
    },
  };
}

for (const beneath of [false, true]) {
  for (const mode of ['shared', 'exclusive'] as const) {
    const how = `${mode}${beneath ? ', beneath its directory' : ''}`;
    test(`a file with a lease is busy, and awaited until the holder lets go: ${how}`, async () => {
      const engine = new LockEngine();
      const path = newFile();
      const holder = await lease(path);
      assert.is(await engine.tryLock(path, { mode, beneath }), undefined);
      await holder.asked();
      let waits = 0;
      const waiting = engine.lock(path, { mode, beneath, onWait: () => waits++ });
      let over = false;
      waiting.finally(() => over = true);
      const short = await rejection(engine.lock(path, { mode, beneath, timeout: 100 }));
      assert.is(short.code, 'ERR_LOCK_TIMEOUT');
      assert.not(over);
      const { queued, blocked, parked } = await engine.stats();
      assert.equal({ queued, blocked, parked }, { queued: 0, blocked: 0, parked: 1 });
      assert.equal((await engine.query()).pending, [{ path, mode, holders: [] }]);
      await holder.letsGo();
      const lock = await within(5000, 'the grant', waiting);
      assert.is(lock.mode, mode);
      assert.is(waits, 1);
      lock.release();
      await holder.ends();
      await engine.close();
      assert.equal(openFds(temp), []);
    });
  }
}

test('a lease for reading is in the way of a lock as well', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const holder = await lease(path, 'read');
  assert.is(await engine.tryLock(path), undefined);
  await holder.asked();
  await holder.letsGo();
  (await engine.tryLock(path))!.release();
  await holder.ends();
  await engine.close();
});

test("a lease for reading is in nobody's way who only shares the file", async () => {
  const engine = new LockEngine();
  const path = newFile();
  const holder = await lease(path, 'read');
  (await engine.tryLock(path, { mode: 'shared' }))!.release();
  (await engine.lock(path, { mode: 'shared' })).release();
  // To open it for writing has been tried, which asks the holder to let go.
  await holder.asked();
  await holder.letsGo();
  await holder.ends();
  await engine.close();
});

test('an abort and close() end the wait for a file with a lease', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const holder = await lease(path);
  const abort = new AbortController();
  const waiting = rejection(
    engine.lock(path, {
      signal: abort.signal,
      onWait: () => setTimeout(() => abort.abort('enough')),
    }),
  );
  assert.is(await within(5000, 'the end', waiting), 'enough' as never);
  await holder.asked();
  // A relative path has its directory kept open meanwhile.
  const at = openSync(dirname(path), 'r');
  const onWait = () => void setTimeout(() => engine.close());
  const other = rejection(engine.lock(basename(path), { at, onWait }));
  assert.is((await within(5000, 'the end', other)).code, 'ERR_LOCK_CLOSED');
  closeSync(at);
  assert.equal(openFds(temp), []);
  await holder.letsGo();
  await holder.ends();
});

test('an abort of the wait for a file with a lease has ended it when it returns', async () => {
  const engine = new LocalEngine();
  const path = newFile();
  const holder = await lease(path);
  const abort = new AbortController();
  const waiting = rejection(engine.lock(path, { signal: abort.signal }));
  assert.is(engine.stats().parked, 1);
  abort.abort('enough');
  assert.equal([engine.stats().parked, engine.query().pending], [0, []]);
  assert.is(await waiting, 'enough' as never);
  await holder.asked();
  await holder.letsGo();
  await holder.ends();
  await engine.close();
});

test('lockAll() waits for a file with a lease', async () => {
  const engine = new LockEngine();
  const [free, leased] = [newFile(), newFile()];
  const holder = await lease(leased);
  const waiting = engine.lockAll([{ path: leased }, { path: free }]);
  await holder.asked();
  await holder.letsGo();
  (await within(5000, 'the grant', waiting)).release();
  await holder.ends();
  await engine.close();
});

test('a file that is replaced while somebody has a lease on it is locked, or said to be gone', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const holder = await lease(path);
  const waiting = engine.lock(path);
  await holder.asked();
  writeFileSync(`${path}-new`, '');
  renameSync(`${path}-new`, path);
  (await within(5000, 'the grant', waiting)).release();
  await holder.letsGo();
  await holder.ends();

  const next = await lease(path);
  const gone = rejection(engine.lock(path));
  const made = engine.lock(path, { create: true });
  await next.asked();
  unlinkSync(path);
  const outcomes = await within(5000, 'both ends', Promise.allSettled([gone, made]));
  // Which of the two opens first, is open.
  const [first, second] = outcomes;
  assert.is(second.status, 'fulfilled');
  if (second.status === 'fulfilled') second.value.release();
  assert.ok(first.status === 'fulfilled' && first.value.code === 'ERR_LOCK_REPLACED');
  await next.letsGo();
  await next.ends();
  await engine.close();
});

test('the kind of a file with a lease is looked at, and so is where its link leads', async () => {
  const engine = new LockEngine();
  const path = newFile();
  const link = join(dirname(newFile()), 'link');
  symlinkSync(path, link);
  const holder = await lease(path);
  const error = await rejection((async () => await engine.tryLock(link, { beneath: true }))());
  assert.is(error.code, 'EXDEV');
  assert.is(await engine.tryLock(link), undefined);
  await holder.asked();
  await holder.letsGo();
  (await engine.tryLock(link))!.release();
  await holder.ends();
  await engine.close();
});

test.run();
