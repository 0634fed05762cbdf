import { existsSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lockAll, LockEngine, query, spawnLocked, tryLock } from '../support/subject.ts';
import { testOfd } from '../support/kind.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { within } from '../support/eventually.ts';
import { openFds } from '../support/open-fds.ts';
import { mustBlock } from '../support/must-block.ts';
import { wrap } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { newFile, newPath, temp } from '../support/temp.ts';

test('lockAll() gives the locks in the order of the requests, and ends them together', async () => {
  const [a, b, c] = [newFile(), newFile(), newPath()];
  const set = await lockAll([
    { path: c, create: true },
    { path: a, mode: 'shared' },
    { path: b },
  ]);
  assert.equal(set.locks.map(({ path, mode }) => [path, mode]), [
    [c, 'exclusive'],
    [a, 'shared'],
    [b, 'exclusive'],
  ]);
  // A new file's inode need not be higher than that of the one before.
  const inode = (path: string): number => statSync(path).ino;
  const byInode = [a, b, c].sort((one, other) => inode(one) - inode(other));
  assert.equal([...set].map(({ path }) => path), byInode, 'as they were taken');
  set.locks[1]!.release();
  set.release();
  set.release();
  assert.equal((await query()).held, []);
});

test('the same file twice is one lock of the stronger mode, by whatever name', async () => {
  const path = newFile();
  const link = newPath();
  symlinkSync(path, link);
  const set = await lockAll([{ path, mode: 'shared' }, { path: link }, { path, mode: 'shared' }]);
  assert.is([...set].length, 1);
  const [lock] = set.locks;
  assert.ok(set.locks.every((other) => other === lock));
  assert.is(lock!.mode, 'exclusive');
  set.release();
});

test('ranges of one file are merged where they overlap', async () => {
  const path = newFile();
  const set = await lockAll([
    { path, range: { start: 20, length: 0 } },
    { path, range: { start: 0, length: 5 }, mode: 'shared' },
    { path, range: { start: 4, length: 6 } },
    { path, range: { start: 10, length: 10 }, mode: 'shared' },
  ]);
  const ranges = set.locks.map(({ mode, range }) => `${mode} ${range.start} ${range.length}`);
  assert.equal(ranges, ['exclusive 20 0', 'exclusive 0 10', 'exclusive 0 10', 'shared 10 10']);
  set.release();
});

test('lockAll() of nothing is a set of nothing', async () => {
  const set = await lockAll([]);
  assert.equal(set.locks, []);
  set.release();
});

test('if one lock cannot be had, none is held', async () => {
  const before = openFds(temp);
  const files = [newFile(), newFile(), newFile()];
  const held = (await tryLock(files[2]!))!;
  const announced: string[] = [];
  const requests = files.map((path) => ({ path }));
  const late = await rejection(
    lockAll(requests, { timeout: 30, onWait: ({ path }) => announced.push(path) }),
  );
  assert.is(late.code, 'ERR_LOCK_TIMEOUT');
  assert.is(late.message, `Cannot lock "${files[2]}" for writing: still busy after 30 ms`);
  assert.equal(announced, [files[2]]);
  const abort = new AbortController();
  const aborted = rejection(lockAll(requests, { signal: abort.signal }));
  await Promise.resolve();
  abort.abort('enough');
  assert.is(await aborted, 'enough');
  assert.is(
    (await rejection(lockAll([...requests.slice(0, 2), { path: newPath() }]))).code,
    'ENOENT',
  );
  assert.equal((await query()).held.length, 1);
  held.release();
  assert.equal(openFds(temp), before);
});

test('a request that cannot be right is refused before any file is touched', async () => {
  const path = newPath();
  const requests = [{ path, create: true }, { path: 'x', mode: 'exclusve' as 'exclusive' }];
  assert.is((await rejection(lockAll(requests))).code, 'ERR_INVALID_ARG_VALUE');
  assert.is((await rejection(lockAll([], { timeout: -1 }))).code, 'ERR_OUT_OF_RANGE');
  assert.not(existsSync(path));
});

test('whoever takes the same files in whatever order does not wait for ever', async () => {
  const files = [newFile(), newFile(), newFile(), newFile()];
  const engines = [new LockEngine(), new LockEngine(), new LockEngine()];
  let inside = 0;
  const rounds = engines.map(async (engine, shift) => {
    const requests = files.map((_, index) => ({ path: files[(index * 3 + shift) % 4]! }));
    for (let round = 0; round < 20; round++) {
      const set = await engine.lockAll(requests);
      assert.is(++inside, 1);
      await Promise.resolve();
      inside--;
      set.release();
    }
  });
  await within(20_000, 'all rounds', Promise.all(rounds));
  for (const engine of engines) await engine.close();
});

test('files that are replaced meanwhile are put in order anew', async () => {
  const engine = new LockEngine();
  const [first, second] = [newFile(), newFile()];
  const held = holdElsewhere(second);
  const set = engine.lockAll([{ path: first }, { path: second, create: true }]);
  await mustBlock(second);
  renameSync(newFile(), second);
  held.release();
  const locks = await within(1000, 'the set', set);
  assert.is(await tryLock(first), undefined);
  assert.is(await tryLock(second), undefined, 'the lock is on the file that the path names');
  locks.release();
  const again = holdElsewhere(second);
  const ended = rejection(engine.lockAll([{ path: first }, { path: second }]));
  await mustBlock(second);
  renameSync(newFile(), second);
  again.release();
  assert.is((await ended).code, 'ERR_LOCK_REPLACED', 'it was not to be created');
  assert.equal(await engine.query(), { held: [], pending: [] });
  await engine.close();
});

testOfd('a child can inherit a whole set', async () => {
  const files = [newFile(), newFile()];
  const set = await lockAll([...files, files[0]!].map((path) => ({ path })));
  const { child, ended } = wrap(spawnLocked(set, 'cat', [], { stdio: 'pipe' }));
  set.release();
  for (const file of files) assert.is(await tryLock(file), undefined);
  child.stdin!.end();
  await ended;
  for (const file of files) (await tryLock(file))!.release();
});

test.run();
