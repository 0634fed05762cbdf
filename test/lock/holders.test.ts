import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Holder, holders, LockEngine, spawnLocked, tryLock } from '../support/subject.ts';
import { kind, testOfd } from '../support/kind.ts';
import { container, testInContainer } from '../support/container.ts';
import { eventually } from '../support/eventually.ts';
import { holdBy, isLocked } from '../support/holding.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { newFile, newPath } from '../support/temp.ts';

/** Its holders, in the order of their pids, without the names of JavaScript runtimes. */
async function seen(path: string): Promise<Partial<Holder>[]> {
  const all = await holders(path);
  return all.sort((a, b) => a.pid - b.pid).map(({ command, ...rest }) =>
    rest.pid === process.pid ? rest : { ...rest, command }
  );
}

test('holders() names those who hold OFD and POSIX locks, and those who wait', async () => {
  for (const who of ['ofd', 'posix'] as const) {
    const path = newFile();
    assert.equal(await holders(path), []);
    const locker = await startLocker(who, path);
    await locker.try('exclusive');
    const waiter = await startLocker(who, path);
    const granted = waiter.wait('shared');
    await mustBlock(path);
    const common = { command: 'python3', kind: who === 'ofd' ? kind : 'process' };
    const byPid = (all: { pid: number }[]) => all.sort((a, b) => a.pid - b.pid);
    assert.equal(
      await seen(path),
      byPid([
        { pid: locker.program.child.pid!, mode: 'exclusive', waiting: false, ...common },
        { pid: waiter.program.child.pid!, mode: 'shared', waiting: true, ...common },
      ].map(({ command, ...rest }) => ({ ...rest, command }))),
    );
    await locker.end();
    await granted;
    assert.equal((await seen(path)).map(({ pid, waiting }) => [pid, waiting]), [
      [waiter.program.child.pid, false],
    ]);
    await waiter.end();
    assert.equal(await holders(path), []);
  }
});

testOfd('holders() gives no mode for who may wait for either', async () => {
  const path = newFile();
  const holder = await startLocker('ofd', path);
  await holder.try('exclusive');
  const reader = await startLocker('ofd', path);
  const writer = await startLocker('ofd', path);
  const granted = Promise.allSettled([reader.wait('shared'), writer.wait('exclusive')]);
  await mustBlock(path, 2);
  const waiters = async () => (await holders(path)).filter(({ waiting }) => waiting);
  for (const waiter of [reader, writer]) {
    const found = (await waiters()).find(({ pid }) => pid === waiter.program.child.pid);
    assert.ok(found && !('mode' in found) && found.kind === 'ofd', JSON.stringify(found));
  }
  // Who has the file open for reading alone can only wait for shared; the other line is the other's.
  await reader.program.kill();
  const mere = await startLocker('ofd', path, 'read');
  const grantedToo = mere.wait('shared').then(() => mere.end());
  await mustBlock(path, 2);
  const told = new Map((await waiters()).map(({ pid, mode }) => [pid, mode]));
  assert.is(told.get(mere.program.child.pid!), 'shared');
  assert.is(told.get(writer.program.child.pid!), 'exclusive');
  for (const { program } of [holder, writer]) await program.kill();
  await granted;
  await grantedToo;
});

testOfd('holders() names this process once, and its wait in a thread', async () => {
  const path = newFile();
  const take = async () => (await tryLock(path, { mode: 'shared' }))!;
  const locks = [await take(), await take()];
  const engine = new LockEngine();
  const wait = engine.lock(path);
  await mustBlock(path);
  const self = { pid: process.pid, kind: 'ofd' };
  assert.equal(await seen(path), [
    { ...self, mode: 'shared', waiting: false },
    { ...self, mode: 'exclusive', waiting: true },
  ]);
  for (const lock of locks) lock.release();
  (await wait).release();
  await engine.close();
});

testOfd('holders() names a child that has inherited a lock', async () => {
  const path = newFile();
  const lock = (await tryLock(path))!;
  const child = spawnLocked(lock, 'sleep', ['60']);
  lock.release();
  await eventually('the child is sleep', async () => (await seen(path))[0]?.command === 'sleep');
  assert.equal(await seen(path), [
    { pid: child.pid, mode: 'exclusive', kind: 'ofd', waiting: false, command: 'sleep' },
  ]);
  process.kill(child.pid!, 'SIGKILL');
});

testInContainer('holders() names a bwrap container by its .ref', async () => {
  const path = newPath();
  const held = await holdBy('bwrap', path, 'shared');
  const [one, ...others] = await seen(path);
  assert.equal(others, []);
  const { pid, ...what } = one!;
  assert.equal(what, { mode: 'shared', kind: 'process', waiting: false, command: 'bwrap' });
  assert.is(typeof pid, 'number');
  await held.end();
});

// The kernel itself does not show process-associated locks there.
(kind === 'ofd' ? testInContainer : testOfd)(
  'within a container holders() is silent of those outside',
  async () => {
    const path = newFile();
    const locker = await startLocker('ofd', path);
    await locker.try('shared');
    assert.ok(isLocked(path));
    const { scriptCommand } = await import('../support/runtime.ts');
    const status = [...scriptCommand('src/cli/main.ts'), 'status', '--json', path];
    const program = start([...container, '--unshare-pid', ...status]);
    const { files } = JSON.parse((await program.line())!);
    assert.is(files.length, 1);
    const [{ unseen, ...file }] = files;
    assert.equal(file, { path, holders: [] });
    // The kernel may show a lock more than once while others' locks come and go.
    assert.ok(unseen.length > 0);
    for (const one of unseen) assert.equal(one, { mode: 'shared', kind, waiting: false });
    await locker.end();
  },
);

test('holders() rejects for a file that is not there', async () => {
  const path = newPath();
  const error = await rejection(holders(path));
  assert.is(
    (error as Error).message,
    `Cannot find the holders of "${path}": no such file or directory (ENOENT from statx)`,
  );
  assert.instance(await rejection(holders(1 as unknown as string)), TypeError);
});

test.run();
