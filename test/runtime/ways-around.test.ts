// Paths and orders of events by which a promise could be got round.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { collectGarbage, createCopy, removeRuntime, useRuntime } from '../../src/runtime/mod.ts';
import { claimTree } from '../../src/runtime/claim-tree.ts';
import { HeldRefs } from '../../src/runtime/held-refs.ts';
import { Mounts } from '../../src/runtime/mounts.ts';
import { Place } from '../../src/runtime/place.ts';
import { hasContainers } from '../support/container.ts';
import { eventually, within } from '../support/eventually.ts';
import { holdBy } from '../support/holding.ts';
import { mustBlock } from '../support/must-block.ts';
import { start, wrap } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { scriptCommand } from '../support/runtime.ts';
import { startWithout } from '../support/seccomp.ts';
import { temp } from '../support/temp.ts';
import { makeCopies, makeTree, newPlace, treeOf } from '../support/trees.ts';

const many = Array.from({ length: 1500 }, (_, i) => `usr/d${i}/f`);

test('removeRuntime() removes what the kernel finds at a path, not what its words say', async () => {
  const place = makeTree(newPlace(), [
    ...[
      'real/sub/',
      'real/scout/usr/bin/',
      'real/scout/.ref',
      'scout/precious',
      'link -> real/sub',
    ],
  ]);
  await removeRuntime(join(place, 'link') + '/../scout');
  assert.equal(treeOf(place), [
    'link -> real/sub',
    'real/',
    'real/sub/',
    'scout/',
    'scout/precious',
  ]);
  const before = process.cwd();
  makeTree(place, ['a/usr/bin/', 'a/.ref']);
  process.chdir(join(place, 'a'));
  try {
    renameSync(join(place, 'a'), join(place, 'b'));
    makeTree(place, ['a/usr/precious']);
    await removeRuntime('.');
    assert.ok(existsSync(join(place, 'a/usr/precious')));
    assert.is(existsSync(join(place, 'b')), false);
  } finally {
    process.chdir(before);
  }
});

test('a deployment whose files is a link within it is locked where its users lock it', async () => {
  const base = makeCopies(newPlace(), ['deploy-a/tree/usr/bin/', 'deploy-a/files -> tree']);
  const { lock, ref } = await useRuntime(join(base, 'deploy-a'));
  assert.is(ref, join(base, 'deploy-a/tree/.ref'));
  assert.is((await rejection(removeRuntime(join(base, 'deploy-a')))).code, 'ERR_LOCK_BUSY');
  lock.release();
  assert.is((await removeRuntime(join(base, 'deploy-a'))).removed, true);
});

test("a files that is a link out of the deployment is nobody's runtime", async () => {
  const outside = makeTree(newPlace(), ['usr/bin/']);
  const base = makeTree(newPlace(), [`deploy-a/files -> ${outside}`]);
  const error = await rejection(useRuntime(join(base, 'deploy-a')));
  assert.is(error.code, 'ERR_NOT_A_RUNTIME');
  assert.equal(treeOf(outside), ['usr/', 'usr/bin/'], 'no .ref is made there');
});

test('whoever deletes a tree locks usr/.ref and files/.ref too when they are missing', async () => {
  const path = makeTree(newPlace(), ['usr/bin/', 'files/bin/']);
  const { parent, tree } = Place.entry(path, 'Cannot open it')!;
  const held = new HeldRefs({});
  await claimTree(tree, held, { dryRun: false, mounts: new Mounts() });
  for (const ref of ['.ref', 'usr/.ref', 'files/.ref']) {
    assert.is(tryLock(join(path, ref), { mode: 'shared' }), undefined, ref);
  }
  held.close();
  tree.close();
  parent.close();
});

test('a removal that waits for the users of a copy does not keep copiers waiting', async () => {
  const parent = makeCopies(newPlace(), ['tmp-a/usr/.ref', 'tmp-a/.ref -> usr/.ref']);
  const source = makeTree(newPlace(), ['usr/bin/']);
  const ref = join(parent, 'tmp-a/usr/.ref');
  const user = await holdBy('ofd', ref, 'shared');
  const removal = removeRuntime(join(parent, 'tmp-a'), { whenBusy: 'wait' });
  await mustBlock(ref);
  const copy = await within(5000, 'a copy meanwhile', createCopy(source, parent));
  const own = await within(5000, 'a copy of that copy', createCopy(join(parent, 'tmp-a'), parent));
  await user.end();
  assert.is((await within(5000, 'the removal', removal)).removed, true);
  for (const { lock } of [copy, own]) lock.release();
});

test('useRuntime() does not take a copy that is deleted in place and has lost its .ref', async () => {
  const path = makeTree(newPlace(), ['usr/.ref', '.ref -> usr/.ref', 'usr/bin/']);
  const collector = await holdBy('posix', join(path, '.ref'), 'exclusive');
  rmSync(join(path, '.ref'));
  const error = await rejection(useRuntime(path));
  assert.is(error.code, 'ERR_LOCK_BUSY');
  assert.match(error.message, /usr\/.ref" for reading: held by pid/);
  await collector.end();
});

test('a copy that is being made is locked', async () => {
  const source = makeTree(newPlace(), many);
  const parent = newPlace();
  const copying = createCopy(source, parent);
  let taken: unknown = 'nothing';
  await eventually('the copy grows', () => {
    const [partial] = existsSync(parent)
      ? readdirSync(parent).filter((name) => name.startsWith('tmp-partial-'))
      : [];
    if (partial === undefined || !existsSync(join(parent, partial, 'usr/d1'))) return false;
    taken = tryLock(join(parent, partial, '.ref'));
    return true;
  });
  assert.is(taken, undefined);
  (await copying).lock.release();
});

test('what a link named current leads to is kept', async () => {
  const parent = makeCopies(newPlace(), [
    'deploy-1/files/',
    'deploy-2/files/',
    'deploy-now -> deploy-1',
  ]);
  const { deleted } = await collectGarbage(parent, { currentDeployments: ['deploy-now'] });
  assert.equal(deleted.map(({ name }) => name), ['deploy-2']);
});

test('a runtime that is used by a link is named by what is locked', async () => {
  const base = makeTree(newPlace(), ['v1/usr/bin/', 'v2/usr/bin/', 'now -> v1']);
  const { root, lock } = await useRuntime(join(base, 'now'));
  assert.is(root, join(base, 'v1'));
  lock.release();
});

test('an error that onProgress throws is the end, and nothing else is', async () => {
  const source = makeTree(newPlace(), many);
  const parent = newPlace();
  const onProgress = () => {
    throw new Error('mine');
  };
  assert.is((await rejection(createCopy(source, parent, { onProgress }))).message, 'mine');
  assert.equal(readdirSync(parent), ['.ref']);
  assert.is((await rejection(removeRuntime(source, { onProgress }))).message, 'mine');
});

test('a name that begins with a byte order mark is not taken for another one', async () => {
  const parent = makeCopies(newPlace(), ['\ufefftmp-mine/', 'tmp-a/']);
  assert.equal((await collectGarbage(parent)).deleted.map(({ name }) => name), ['tmp-a']);
});

test('a holder whose name would move the cursor is named in one plain line', async () => {
  const path = makeTree(newPlace(), ['usr/bin/', '.ref']);
  const script = `import ctypes, fcntl, struct, sys
ctypes.CDLL(None).prctl(15, b"a\\n\\x1b[31mred", 0, 0, 0)
f = open(sys.argv[1], "r+")
fcntl.fcntl(f, fcntl.F_SETLK, struct.pack("hhxxxxqqixxxx", fcntl.F_WRLCK, 0, 0, 0, 0))
print("held", flush=True)
sys.stdin.read()`;
  const holder = start(['python3', '-c', script, join(path, '.ref')]);
  assert.is(await holder.line(), 'held', holder.stderr());
  const { message } = await rejection(useRuntime(path));
  assert.match(message, /held by pid \d+ \(a\\n\\u001b\[31mred\): it is being deleted/);
  holder.child.stdin!.end();
  await holder.ended;
});

const isRoot = process.getuid!() === 0;
const testAsRoot = isRoot ? test : test.skip;
if (!isRoot) console.log('skipped: files of other users and mounts need the superuser');

testAsRoot('a set-id program of somebody else loses that in the copy of a user', () => {
  const setting = '/proc/sys/fs/protected_hardlinks';
  if (readFileSync(setting, 'utf8').trim() !== '1') return console.log(`skipped: ${setting} is 0`);
  const source = makeTree(newPlace(), ['usr/bin/tool', '.ref']);
  chmodSync(join(source, 'usr/bin/tool'), 0o4755);
  const parent = makeTree(newPlace(), []);
  for (const path of [temp, dirname(source), dirname(parent)]) chmodSync(path, 0o755);
  chownSync(parent, 65534, 65534);
  const [command, ...args] = [...scriptCommand('test/fixtures/copy.ts'), source, parent, '65534'];
  const { stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8' });
  const tool = join(stdout.split('\n')[0]!, 'usr/bin/tool');
  const { uid, mode } = statSync(tool);
  assert.is(uid, 65534, stderr);
  assert.is(mode & 0o7777, 0o755);
});

testAsRoot('without openat2, mounts in a tree are not deleted either', async () => {
  if (!hasContainers) return console.log('skipped: mounts without openat2 need bwrap');
  const outside = makeTree(newPlace(), ['precious']);
  const parent = makeCopies(newPlace(), ['tmp-a/mnt/', 'tmp-a/bin/tool', 'tmp-b/bin/']);
  const child = wrap(startWithout(437, 38, [
    ...[
      'unshare',
      '--mount',
      'sh',
      '-c',
      `mount --bind '${outside}' '${parent}/tmp-a/mnt' && exec "$@"`,
    ],
    ...['sh', ...scriptCommand('test/fixtures/collect.ts'), parent],
  ]));
  const line = await child.line();
  await child.ended;
  if (/mount|unshare/.test(child.stderr())) return console.log(`skipped: ${child.stderr()}`);
  assert.is(JSON.parse(line!).deleted.length, 1, child.stderr());
  assert.equal(treeOf(outside), ['precious']);
});

test('a source with directories for lock files is copied without them', async () => {
  const source = makeTree(newPlace(), ['usr/bin/', 'usr/.ref/x', '.ref']);
  const copy = await createCopy(source, newPlace());
  assert.equal(treeOf(copy.path), [
    '.ref -> usr/.ref',
    'bin -> usr/bin',
    'usr/',
    'usr/.ref',
    'usr/bin/',
  ]);
  copy.lock.release();
});

test('read-only directories are merged as well', async () => {
  const source = makeTree(newPlace(), ['bin/a', 'usr/bin/b', 'lib64/x', 'usr/lib/']);
  chmodSync(join(source, 'bin'), 0o555);
  chmodSync(join(source, 'lib64'), 0o555);
  const copy = await createCopy(source, newPlace());
  assert.is(
    statSync(join(copy.path, 'usr/bin')).mode & 0o777,
    statSync(join(source, 'usr/bin')).mode & 0o777,
  );
  assert.is(statSync(join(copy.path, 'usr/lib64')).mode & 0o777, 0o555);
  copy.lock.release();
});

test.run();
