/** What is kept as it is, to the last file, because somebody may use a part of it or nobody could delete it. */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { collectGarbage, createCopy, removeRuntime, useRuntime } from '../../src/runtime/mod.ts';
import { within } from '../support/eventually.ts';
import { rejection } from '../support/rejection.ts';
import { scriptCommand } from '../support/runtime.ts';
import { newPath, temp } from '../support/temp.ts';
import { makeCopies, makeTree, newPlace, treeOf } from '../support/trees.ts';

const USER = 65534;
const isRoot = process.getuid!() === 0;
const testAsRoot = isRoot ? test : test.skip;
if (!isRoot) console.log('skipped: what another user may do, which needs the superuser');

/** Gives a tree to a user. */
function give(path: string): string {
  execFileSync('chown', ['-R', `${USER}:${USER}`, path]);
  for (const above of [temp, join(path, '..')]) chmodSync(above, 0o755);
  return path;
}

/** Starts a thread, and loads the code, while the files of the checkout can be read. */
async function warmUp(): Promise<void> {
  const parent = makeCopies(newPlace(), ['tmp-a/usr/bin/']);
  for (let i = 0; i < 100; i++) writeFileSync(join(parent, `tmp-a/usr/${i}`), '');
  await collectGarbage(parent);
}

/** Does something as that user: all threads of the process are the user's then. */
async function asUser<T>(work: () => Promise<T>): Promise<T> {
  await warmUp();
  process.setegid!(USER);
  process.seteuid!(USER);
  try {
    return await work();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
  }
}

testAsRoot('what cannot be looked into may be in use, so the tree stays', async () => {
  const runtime = makeTree(newPlace(), ['.ref', 'usr/bin/tool', 'opt/rt/usr/']);
  const copies = makeCopies(newPlace(), ['tmp-a/usr/bin/tool', 'tmp-a/opt/rt/usr/']);
  for (const path of [runtime, join(copies, 'tmp-a')]) {
    give(path);
    chownSync(join(path, 'opt'), 0, 0);
    chmodSync(join(path, 'opt'), 0o700);
  }
  give(copies);
  chownSync(join(copies, 'tmp-a/opt'), 0, 0);
  const before = [treeOf(runtime), treeOf(copies)];
  for (const dryRun of [true, false]) {
    const error = await asUser(() => rejection(removeRuntime(runtime, { dryRun })));
    assert.match(error.message, /cannot delete ".*\/opt": permission denied \(EACCES from open\)$/);
    const { deleted, kept } = await asUser(() => collectGarbage(copies, { dryRun }));
    assert.equal([deleted, kept.map(({ why }) => why)], [[], ['failed']]);
  }
  assert.equal([treeOf(runtime), treeOf(copies)], before);
});

testAsRoot('a tree of which nothing can be deleted has its name again', async () => {
  const place = give(makeTree(newPlace(), ['rt/usr/bin/tool', 'rt/usr/.ref']));
  const runtime = join(place, 'rt');
  for (const name of ['usr/bin', 'usr']) chmodSync(join(runtime, name), 0o555);
  const before = treeOf(runtime);
  const error = await asUser(() => rejection(removeRuntime(runtime)));
  assert.match(
    error.message,
    /^Cannot remove ".*": cannot delete ".*": permission denied/,
    error.message,
  );
  assert.equal(treeOf(runtime), before);
});

test('a very deep tree is looked through in one pass', async () => {
  const parent = makeCopies(newPlace(), ['tmp-a/']);
  // Longer than any path may be, so each is made within the one before.
  const script = 'import os, sys\nos.chdir(sys.argv[1])\n' +
    'for i in range(3000): os.mkdir("usr"); os.chdir("usr")';
  execFileSync('python3', ['-c', script, join(parent, 'tmp-a')]);
  const before = process.memoryUsage().rss;
  const { deleted, kept } = await within(60_000, 'its end', collectGarbage(parent));
  assert.equal([deleted.map(({ inodes }) => inodes), kept], [[3001], []]);
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  assert.ok(grown < 500, `${grown} MiB more`);
});

test('what lies in a deployment is in use when the deployment is', async () => {
  const deployment = makeTree(newPlace(), ['.ref', 'files/.ref', 'files/bin/', 'files/lib/']);
  const lock = tryLock(join(deployment, '.ref'), { mode: 'shared' })!;
  const { code, path } = await rejection(removeRuntime(join(deployment, 'files')));
  assert.equal([code, path], ['ERR_LOCK_BUSY', join(deployment, '.ref')]);
  lock.release();
});

test('a deployment stays when a link to a part of it is the current one', async () => {
  const entries = [
    'deploy-1/files/bin/',
    'deploy-2/files/bin/',
    'deploy-current -> deploy-1/files',
  ];
  const parent = makeCopies(newPlace(), entries);
  const { deleted } = await collectGarbage(parent, { currentDeployments: ['deploy-current'] });
  assert.equal(deleted.map(({ name }) => name), ['deploy-2']);
  assert.ok(existsSync(join(parent, 'deploy-current/bin')));
});

test('a legacy base without a lock file keeps what is half of something, and gets no lock file', async () => {
  const base = makeTree(newPlace(), ['tmp-partial-thesis/file', 'scout_0.1/file']);
  const parent = makeCopies(newPlace(), []);
  const { deleted } = await collectGarbage(parent, { legacyBase: base });
  assert.equal(deleted.map(({ name }) => name), ['scout_0.1']);
  assert.equal(treeOf(base), ['tmp-partial-thesis/', 'tmp-partial-thesis/file']);
});

testAsRoot('a lock file that anybody could make says nothing of a directory', async () => {
  const parent = makeCopies(newPlace(), ['tmp-a/file']);
  chmodSync(parent, 0o1777);
  chownSync(join(parent, '.ref'), USER, USER);
  const before = treeOf(parent);
  const { code, message } = await rejection(collectGarbage(parent));
  assert.is(code, 'ERR_NOT_COPIES');
  assert.match(message, /anybody may put a \.ref there/);
  assert.equal(treeOf(parent), before);
});

testAsRoot('what could not be collected has no lock file that was made for it', async () => {
  const parent = makeCopies(newPlace(), ['tmp-a/usr/']);
  give(join(parent, 'tmp-a'));
  for (const path of [parent, join(parent, '..')]) chmodSync(path, 0o755);
  chmodSync(join(parent, '.ref'), 0o666);
  const { kept } = await asUser(() => collectGarbage(parent));
  assert.match(kept[0]!.message, /^Cannot rename /);
  assert.equal(treeOf(parent), ['.ref', 'tmp-a/', 'tmp-a/usr/']);
  const runtime = give(makeTree(newPath(), ['bin/', 'lib/']));
  await asUser(() => rejection(removeRuntime(runtime, { forceRuntime: true })));
  assert.equal(treeOf(runtime), ['bin/', 'lib/']);
});

testAsRoot(
  'a dry run knows where no lock file can be made, and what may not be changed',
  async () => {
    const parent = makeCopies(newPlace(), ['tmp-a/', 'tmp-b/']);
    give(parent);
    chmodSync(join(parent, 'tmp-a'), 0o555);
    const append = spawnSync('chattr', ['+a', join(parent, 'tmp-b')]).status === 0;
    if (!append) console.log('skipped: attributes of files, which this filesystem does not have');
    try {
      for (const dryRun of [true, false]) {
        const { deleted, kept } = await asUser(() => collectGarbage(parent, { dryRun }));
        assert.equal(deleted.map(({ name }) => name), append || !dryRun ? [] : ['tmp-b']);
        assert.equal(kept.find(({ name }) => name === 'tmp-a')!.why, 'cannot-lock');
        if (!append) return;
      }
    } finally {
      spawnSync('chattr', ['-a', join(parent, 'tmp-b')]);
    }
  },
);

testAsRoot(
  'a removal waits for those who use an outer runtime, whose lock file it may only read',
  async () => {
    const outer = makeTree(newPlace(), ['.ref', 'usr/bin/', 'home/rt/.ref', 'home/rt/usr/']);
    chmodSync(join(outer, '.ref'), 0o644);
    give(join(outer, 'home'));
    const { lock } = await useRuntime(outer);
    const told: string[] = [];
    const removed = asUser(async () => {
      const waiting = removeRuntime(join(outer, 'home/rt'), {
        whenBusy: 'wait',
        onWait: ({ path }) => {
          told.push(path);
          setTimeout(() => lock.release(), 20);
        },
      });
      return await within(10_000, 'the removal', waiting);
    });
    assert.ok((await removed).removed);
    assert.equal(told.at(-1), join(outer, '.ref'));
    const again = await useRuntime(outer);
    mkdirSync(join(outer, 'home/rt/usr'), { recursive: true });
    give(join(outer, 'home/rt'));
    const wait = { whenBusy: 'wait', timeout: 50, forceRuntime: true } as const;
    const late = await asUser(() => rejection(removeRuntime(join(outer, 'home/rt'), wait)));
    assert.is(late.code, 'ERR_LOCK_TIMEOUT');
    const stop = AbortSignal.timeout(50);
    const aborted = await asUser(() =>
      rejection(
        removeRuntime(join(outer, 'home/rt'), { ...wait, timeout: Infinity, signal: stop }),
      )
    );
    assert.is(aborted as unknown, stop.reason);
    again.lock.release();
  },
);

testAsRoot("the lock file of a copy is its owner's, and those within can be locked", async () => {
  const source = makeTree(newPlace(), ['usr/bin/', 'usr/.ref', 'opt/rt/.ref', 'opt/to/usr/']);
  symlinkSync('lock', join(source, 'opt/to/.ref'));
  writeFileSync(join(source, 'opt/to/lock'), '');
  chmodSync(join(source, 'opt/rt/.ref'), 0o444);
  give(source);
  const { path, lock } = await createCopy(source, newPath());
  lock.release();
  assert.is(lstatSync(join(path, 'usr/.ref')).uid, USER);
  assert.is(lstatSync(join(path, 'opt/rt/.ref')).mode & 0o777, 0o644);
  // Its own, and not by a link to the file that the original's leads to.
  assert.ok(lstatSync(join(path, 'opt/to/.ref')).isFile());
});

testAsRoot(
  'a copy does not copy itself by way of a mount, and a mount hides no runtime',
  () => {
    const source = makeTree(newPlace(), ['usr/bin/', 'mnt/']);
    const copies = makeCopies(newPlace(), []);
    const runtime = makeTree(newPlace(), ['rt/.ref', 'rt/usr/', 'other/']);
    const [command, ...args] = scriptCommand('src/cli/main.ts');
    const script = 'mount --bind "$1" "$2" && cd "$3" && shift 3 && exec "$@"';
    const inNamespace = (mounted: string, at: string, cwd: string, ...words: string[]) =>
      spawnSync('unshare', [
        ...['--mount', 'sh', '-c', script, 'sh', mounted, at, cwd],
        ...[command!, ...args, ...words],
      ], { encoding: 'utf8', timeout: 30_000 });
    const itself = inNamespace(copies, join(source, 'mnt'), '/', 'copy', source, copies);
    assert.is(itself.status, 69);
    assert.match(
      itself.stderr,
      /the directory of copies is mounted in what is to be copied, at "mnt"/,
    );
    assert.equal(readdirSync(copies), ['.ref']);
    const other = join(runtime, 'other');
    const hidden = inNamespace(join(runtime, 'rt'), other, other, 'rm', '.');
    assert.is(hidden.status, 69);
    assert.match(hidden.stderr, /something is mounted at /);
    assert.ok(existsSync(join(runtime, 'rt/usr')));
  },
);

test.run();
