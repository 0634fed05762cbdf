import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { collectGarbage, type Progress, removeRuntime, useRuntime } from '../support/runtimes.ts';
import { testInContainer } from '../support/container.ts';
import { eventually, within } from '../support/eventually.ts';
import { holdBy, holdersFor } from '../support/holding.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { type Program, start, startScript } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { scriptCommand } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';
import { makeTree, newPlace, treeOf } from '../support/trees.ts';

const many = Array.from({ length: 1000 }, (_, i) => `usr/d${i}/f`);
const few = many.slice(0, 100);

test('removeRuntime() removes a runtime that nobody uses, and tells what that has freed', async () => {
  const base = makeTree(newPlace(), [
    'a/files/bin/tool',
    'a/files/.ref',
    'a/metadata',
    'b/usr/bin/',
    'b/.ref',
    'c/bin/',
    'c/lib/',
    'c/.ref',
  ]);
  writeFileSync(join(base, 'a/files/big'), new Uint8Array(50_000));
  const { path, removed, dryRun, holders, freedBytes, freedInodes, remains } = await removeRuntime(
    relative(process.cwd(), join(base, 'a')),
  );
  assert.equal([path, removed, dryRun, holders, remains], [
    join(base, 'a'),
    true,
    false,
    [],
    undefined,
  ]);
  assert.ok(freedBytes >= 50_000);
  assert.is(freedInodes, 7, 'a, files, bin, tool, big, metadata and the .ref that it had');
  for (const name of ['b', 'c']) assert.is((await removeRuntime(`${base}/${name}/`)).removed, true);
  assert.equal(readdirSync(base), [], 'and no .ref is made beside it');
});

test('removeRuntime() of a runtime in use names who uses it, or leaves it, or waits', async () => {
  for (const who of holdersFor('shared')) {
    for (const name of ['files/.ref', '.ref']) {
      const path = makeTree(newPlace(), ['files/bin/tool', name]);
      const before = treeOf(path);
      const user = await holdBy(who, join(path, name), 'shared');
      const error = await rejection(removeRuntime(path));
      assert.is(error.code, 'ERR_LOCK_BUSY');
      assert.match(
        error.message,
        new RegExp(`^Cannot lock ".*/place/${name}" for writing: held by pid \\d+ \\(\\w+.*\\)$`),
      );
      const { removed, holders } = await removeRuntime(path, { whenBusy: 'skip' });
      assert.equal([removed, holders.length], [false, 1]);
      assert.equal(
        treeOf(path).filter((name) => !/\.ref$/.test(name)),
        before.filter((name) => !/\.ref$/.test(name)),
      );
      const late = await rejection(removeRuntime(path, { whenBusy: 'wait', timeout: 10 }));
      assert.is(late.code, 'ERR_LOCK_TIMEOUT');
      const controller = new AbortController();
      const aborted = rejection(
        removeRuntime(path, { whenBusy: 'wait', signal: controller.signal }),
      );
      await mustBlock(join(path, name));
      controller.abort('enough');
      assert.is(await aborted, 'enough' as never);
      const waiting = removeRuntime(path, { whenBusy: 'wait' });
      await mustBlock(join(path, name));
      await user.end();
      assert.is((await within(5000, 'the removal after the user', waiting)).removed, true);
      assert.is(existsSync(path), false);
    }
  }
});

/** Stops a remover in the middle of its work, which needs a tree that takes long enough. */
async function stoppedRemover(): Promise<{ base: string; remover: Program }> {
  for (let size = 1000;; size *= 4) {
    const tree = Array.from({ length: size }, (_, i) => `a/usr/d${i}/f`);
    const base = makeTree(newPlace(), ['.ref', 'a/.ref', ...tree]);
    const remover = startScript('test/fixtures/remove.ts', [join(base, 'a')]);
    let over = false;
    void remover.ended.then(() => over = true);
    await eventually('the rename aside', () => !existsSync(join(base, 'a')), 30_000);
    signal(remover, 'SIGSTOP');
    await eventually('it has stopped', () => over || isStopped(remover));
    const [, partial] = readdirSync(base).sort();
    if (partial !== undefined && existsSync(join(base, partial, 'usr'))) return { base, remover };
    signal(remover, 'SIGCONT');
    await remover.ended;
  }
}

function signal({ child }: Program, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(child.pid!, name);
  } catch {
    // It was quicker.
  }
}

/** Whether none of its threads runs, as proc_pid_stat(5) tells. */
function isStopped({ child }: Program): boolean {
  const tasks = `/proc/${child.pid}/task`;
  try {
    return readdirSync(tasks).every((tid) =>
      readFileSync(`${tasks}/${tid}/stat`, 'utf8').split(') ').at(-1)!.startsWith('T')
    );
  } catch {
    return false;
  }
}

test('while it is deleted, a runtime is nowhere to be found', async () => {
  const { base, remover } = await stoppedRemover();
  const path = join(base, 'a');
  const [, partial, ...others] = readdirSync(base).sort();
  assert.match(partial!, /^tmp-partial-/);
  assert.equal(others, []);
  assert.is((await rejection(useRuntime(path))).code, 'ENOENT');
  assert.is((await rejection(useRuntime(join(base, partial!)))).code, 'ERR_NOT_A_RUNTIME');
  // A collector that comes now leaves the work to the remover, or has a part in it.
  const { kept, deleted } = await collectGarbage(base);
  assert.is(kept.length + deleted.length, 1);
  signal(remover, 'SIGCONT');
  assert.is(JSON.parse((await remover.line())!).removed, true);
  await remover.ended;
  assert.equal(readdirSync(base), ['.ref']);
});

test('an abort in the middle leaves garbage that the next collection takes', async () => {
  const base = makeTree(newPlace(), ['.ref', 'a/.ref', ...many.map((name) => `a/${name}`)]);
  const controller = new AbortController();
  const removal = rejection(removeRuntime(join(base, 'a'), { signal: controller.signal }));
  await eventually('the rename aside', () => !existsSync(join(base, 'a')));
  controller.abort('enough');
  assert.is(await removal, 'enough' as never);
  assert.match(readdirSync(base).sort().join(), /^\.ref,tmp-partial-\w+$/);
  await collectGarbage(base);
  assert.equal(readdirSync(base), ['.ref']);
  assert.equal(openFds(temp), []);
});

test('a mutable copy is removed under the lock of its directory', async () => {
  const parent = makeTree(newPlace(), ['tmp-a/usr/.ref', 'tmp-a/.ref -> usr/.ref']);
  const copier = await holdBy('posix', join(parent, '.ref'), 'shared');
  const error = await rejection(removeRuntime(join(parent, 'tmp-a')));
  assert.is(error.code, 'ERR_LOCK_BUSY');
  assert.match(error.message, new RegExp(`"${parent}/.ref" for writing: held by pid`));
  await copier.end();
  assert.is((await removeRuntime(join(parent, 'tmp-a'))).removed, true);
  assert.equal(readdirSync(parent), ['.ref']);
});

test('removeRuntime() with dryRun changes nothing, and tells whether and what it would remove', async () => {
  const path = makeTree(newPlace(), ['usr/bin/tool', 'usr/bin/other', 'usr/.ref']);
  const before = treeOf(path);
  const plan = await removeRuntime(path, { dryRun: true });
  assert.equal(treeOf(path), before);
  assert.equal([plan.removed, plan.dryRun, plan.freedInodes], [false, true, 6]);
  const user = tryLock(join(path, '.ref'), { mode: 'shared', create: true })!;
  assert.is((await rejection(removeRuntime(path, { dryRun: true }))).code, 'ERR_LOCK_BUSY');
  user.release();
  assert.is((await removeRuntime(path)).freedInodes, 7, 'and the .ref that was made meanwhile');
});

test('removeRuntime() tells how far it is', async () => {
  const path = makeTree(newPlace(), ['.ref', ...few]);
  const all: Progress[] = [];
  await removeRuntime(path, { onProgress: (one) => all.push(one) });
  const { done, total } = all.at(-1)!;
  assert.is(total, 203, 'usr, 100 directories with a file each, and two .ref');
  assert.is(done, 204, 'and the runtime itself');
});

test('removeRuntime() refuses what is no runtime, no directory, or not the runtime itself', async () => {
  const base = makeTree(newPlace(), ['a/usr/bin/', 'x/y', 'b/usr/']);
  symlinkSync('a', join(base, 'link'));
  const cases = [
    ['link', 'ENOTDIR', /it is a symbolic link, not the directory itself$/],
    ['x', 'ERR_NOT_A_RUNTIME', /it has no files\/, no usr\/, and not both bin\/ and lib\/$/],
    ['x/y', 'ENOTDIR', /not a directory/],
    ['nothing', 'ENOENT', /no such file or directory/],
  ] as const;
  for (const [name, code, message] of cases) {
    const error = await rejection(removeRuntime(join(base, name)));
    assert.is(error.code, code);
    assert.match(error.message, message);
  }
  assert.equal(readdirSync(base).sort(), ['a', 'b', 'link', 'x']);
});

testInContainer('removeRuntime() refuses the root directory', async () => {
  // Where nothing could be removed if it did not.
  const command = scriptCommand('test/fixtures/remove.ts');
  const inside = start(['bwrap', ...['--ro-bind', '/', '/', '--dev', '/dev'], ...command, '/']);
  assert.is(
    await inside.line(),
    'EBUSY Cannot remove "/": it is the root directory',
    inside.stderr(),
  );
  await inside.ended;
});

test('of two removers at once one removes, and neither half', async () => {
  const path = makeTree(newPlace(), ['.ref', ...few]);
  const ends = await Promise.allSettled([removeRuntime(path), removeRuntime(path)]);
  const removed = ends.filter(({ status }) => status === 'fulfilled');
  assert.is(removed.length, 1);
  const waits = makeTree(newPlace(), ['.ref', ...few]);
  const both = await Promise.allSettled([
    removeRuntime(waits, { whenBusy: 'wait' }),
    removeRuntime(waits, { whenBusy: 'wait' }),
  ]);
  const [lost] = both.flatMap((one) => one.status === 'rejected' ? [one.reason.code] : []);
  assert.is(lost, 'ERR_LOCK_REPLACED');
  assert.is(existsSync(waits), false);
});

test.run();
