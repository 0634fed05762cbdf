import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { query, spawnLocked, tryLock } from '../../src/mod.ts';
import { removeRuntime, useRuntime } from '../support/runtimes.ts';
import { testOfd } from '../support/kind.ts';
import { testInContainer } from '../support/container.ts';
import { within } from '../support/eventually.ts';
import { holdBy, holdersFor } from '../support/holding.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { start, wrap } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { scriptCommand } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';
import { makeTree, newPlace } from '../support/trees.ts';

const layouts = {
  'a deployment': {
    entries: ['files/bin/', 'files/lib/', 'metadata'],
    root: 'files',
    layout: 'usr',
  },
  'a deployed root filesystem': { entries: ['files/usr/'], root: 'files', layout: 'root' },
  'a merged /usr': { entries: ['bin/', 'lib/'], root: '', layout: 'usr' },
  'a whole root filesystem': { entries: ['usr/bin/'], root: '', layout: 'root' },
  'what a container has as /': {
    entries: ['usr/.ref', '.ref -> usr/.ref'],
    root: '',
    layout: 'root',
  },
} as const;

for (const [what, { entries, root, layout }] of Object.entries(layouts)) {
  test(`useRuntime() locks the .ref of ${what}, shared`, async () => {
    const path = makeTree(newPlace(), entries);
    for (const name of [path, pathToFileURL(path)]) {
      const use = await useRuntime(name);
      assert.is(use.root, join(path, root));
      assert.is(use.ref, join(path, root, '.ref'));
      assert.is(use.layout, layout);
      assert.is(use.lock.mode, 'shared');
      assert.is(use.lock.path, use.ref);
      tryLock(use.ref, { mode: 'shared' })!.release();
      assert.is(tryLock(use.ref), undefined);
      use.lock.release();
    }
  });
}

test('useRuntime() of a runtime that is being deleted names who deletes it', async () => {
  for (const who of holdersFor('exclusive')) {
    const path = makeTree(newPlace(), ['files/bin/']);
    const remover = await holdBy(who, join(path, 'files/.ref'), 'exclusive');
    const error = await rejection(useRuntime(path));
    assert.is(error.code, 'ERR_LOCK_BUSY');
    const { pid } = remover.program.child;
    assert.match(
      error.message,
      new RegExp(
        `^Cannot lock ".*/files/.ref" for reading: held by pid ${pid} \\(python3?.*\\): ` +
          'it is being deleted, so do not use it$',
      ),
    );
    await remover.end();
    (await useRuntime(path)).lock.release();
  }
});

test('useRuntime() waits when told so, until the lock, a timeout or an abort', async () => {
  const path = makeTree(newPlace(), ['files/bin/']);
  const remover = await holdBy('ofd', join(path, 'files/.ref'), 'exclusive');
  const wait = { whenBusy: 'wait' } as const;
  assert.is((await rejection(useRuntime(path, { ...wait, timeout: 10 }))).code, 'ERR_LOCK_TIMEOUT');
  const controller = new AbortController();
  const aborted = useRuntime(path, { ...wait, signal: controller.signal });
  await mustBlock(join(path, 'files/.ref'));
  controller.abort('enough');
  assert.is(await rejection(aborted), 'enough' as never);
  const told: string[] = [];
  const waiting = useRuntime(path, { ...wait, onWait: (info) => told.push(info.path) });
  await mustBlock(join(path, 'files/.ref'));
  await remover.end();
  (await within(5000, 'the use after the remover', waiting)).lock.release();
  assert.equal(told, [join(path, 'files/.ref')]);
});

test('a wait for a runtime that is deleted meanwhile is ERR_LOCK_REPLACED', async () => {
  const path = makeTree(newPlace(), ['usr/bin/']);
  const ref = join(path, '.ref');
  const remover = await holdBy('ofd', ref, 'exclusive');
  const waiting = rejection(useRuntime(path, { whenBusy: 'wait' }));
  await mustBlock(ref);
  rmSync(path, { recursive: true });
  await remover.end();
  assert.is((await within(5000, 'the end of the wait', waiting)).code, 'ERR_LOCK_REPLACED');
  assert.is(existsSync(path), false, 'nothing is made anew');
  assert.equal(query().held, []);
});

test('a wait for a runtime that removeRuntime() removes is ERR_LOCK_REPLACED', async () => {
  const path = makeTree(newPlace(), ['usr/bin/', '.ref']);
  const other = await holdBy('ofd', join(path, '.ref'), 'shared');
  const removal = removeRuntime(path, { whenBusy: 'wait' });
  await mustBlock(join(path, '.ref'));
  // The remover waits for the other user; and behind its lock a wait like that of a second user.
  await other.end();
  assert.is((await removal).removed, true);
  assert.is((await rejection(useRuntime(path, { whenBusy: 'wait' }))).code, 'ENOENT');
});

test('a wait for a .ref that is replaced meanwhile is never granted on the old file', async () => {
  const path = makeTree(newPlace(), ['usr/bin/']);
  const ref = join(path, '.ref');
  const remover = await holdBy('posix', ref, 'exclusive');
  const waiting = rejection(useRuntime(path, { whenBusy: 'wait' }));
  await mustBlock(ref);
  renameSync(path, `${path}-old`);
  makeTree(path, ['usr/bin/', '.ref']);
  await remover.end();
  assert.is((await within(5000, 'the end of the wait', waiting)).code, 'ERR_LOCK_REPLACED');
  tryLock(ref)!.release();
});

test('a runtime of another layout that took its place during the wait is known as what it is', async () => {
  const path = makeTree(newPlace(), ['bin/', 'lib/', '.ref']);
  const remover = await holdBy('ofd', join(path, '.ref'), 'exclusive');
  const waiting = useRuntime(path, { whenBusy: 'wait' });
  await mustBlock(join(path, '.ref'));
  // The same lock file, so that the wait is not for something that has gone.
  makeTree(path, ['usr/bin/']);
  await remover.end();
  const { layout, lock } = await within(5000, 'the use after the remover', waiting);
  assert.is(layout, 'root');
  lock.release();
});

testOfd('a child that inherits the lock keeps the runtime in use', async () => {
  const path = makeTree(newPlace(), ['usr/bin/']);
  const { lock, ref } = await useRuntime(path);
  const child = wrap(spawnLocked(lock, 'cat', [], { stdio: ['pipe', 'ignore', 'ignore'] }));
  lock.release();
  assert.is(tryLock(ref), undefined);
  child.child.stdin!.end();
  await child.ended;
  tryLock(ref)!.release();
});

test('useRuntime() refuses what is not whole, and what is no runtime', async () => {
  const parent = makeTree(newPlace(), [
    'tmp-partial-1/usr/bin/',
    'tmp-partial-2/files/bin/',
    'x/y',
  ]);
  makeTree(parent, ['link -> tmp-partial-1']);
  for (
    const name of ['tmp-partial-1', 'tmp-partial-2', 'tmp-partial-2/files/../files/..', 'link']
  ) {
    const error = await rejection(useRuntime(join(parent, name)));
    assert.is(error.code, 'ERR_NOT_A_RUNTIME');
    assert.match(error.message, /^Cannot use ".*" as a runtime: it is not whole, but half made or/);
  }
  assert.is(existsSync(join(parent, 'tmp-partial-1/.ref')), false);
  assert.is((await rejection(useRuntime(join(parent, 'x')))).code, 'ERR_NOT_A_RUNTIME');
  assert.is((await rejection(useRuntime(join(parent, 'nothing')))).code, 'ENOENT');
  assert.is((await rejection(useRuntime(join(parent, 'x/y')))).code, 'ENOTDIR');
});

for (
  const [options, code] of [
    [{ whenBusy: 'skip' }, 'ERR_INVALID_ARG_VALUE'],
    [{ timeout: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ signal: {} }, 'ERR_INVALID_ARG_VALUE'],
  ] as const
) {
  test(`useRuntime() refuses ${JSON.stringify(options)} before it touches anything`, async () => {
    const path = makeTree(newPlace(), ['usr/bin/']);
    assert.is((await rejection(useRuntime(path, options as never))).code, code);
    assert.is(existsSync(join(path, '.ref')), false);
  });
}

const testAsRoot = process.getuid!() === 0 ? test : test.skip;
if (process.getuid!() !== 0) console.log('skipped: a read-only mount needs the superuser');

testAsRoot('a runtime on a read-only mount can be used if it has a .ref', () => {
  const place = makeTree(newPlace(), ['with/usr/bin/', 'with/.ref', 'without/usr/bin/']);
  const { stdout, stderr, status } = spawnSync('unshare', [
    ...[
      '--mount',
      'sh',
      '-c',
      `mount --bind '${place}' '${place}' &&
      mount -o remount,ro,bind '${place}' && exec "$@"`,
      'sh',
    ],
    ...scriptCommand('test/fixtures/use.ts'),
    join(place, 'with'),
    join(place, 'without'),
  ], { encoding: 'utf8' });
  if (/^(mount|unshare):/.test(stderr)) return console.log(`skipped: ${stderr.split('\n')[0]}`);
  assert.is(status, 0, stderr);
  assert.match(
    stdout,
    /^used shared\nEROFS Cannot lock ".*\/without\/.ref" for reading: read-only file system/,
  );
});

testInContainer(
  'the lock of a runtime conflicts with that of a container on the same runtime',
  async () => {
    const path = makeTree(newPlace(), ['usr/bin/', '.ref']);
    const holder = await holdBy('bwrap', join(path, '.ref'), 'shared');
    (await useRuntime(path)).lock.release();
    assert.is((await rejection(removeRuntime(path))).code, 'ERR_LOCK_BUSY');
    await holder.end();
    assert.is((await removeRuntime(path)).removed, true);
  },
);

testInContainer('within a container, its / is the runtime', async () => {
  const usr = makeTree(newPlace(), ['bin/', 'lib/', '.ref']);
  const [command, ...args] = scriptCommand('test/fixtures/use.ts');
  // All that the host has, and a /.ref as a container of a merged /usr has it.
  const binds = readdirSync('/')
    .filter((name) => name !== 'mnt' && name !== '.ref')
    .flatMap((name) => ['--dev-bind-try', realpathSync(`/${name}`), `/${name}`]);
  const inside = start([
    'bwrap',
    ...binds,
    ...['--bind', usr, '/mnt', '--symlink', 'mnt/.ref', '/.ref', command!, ...args, '/', '--stay'],
  ]);
  assert.is(await inside.line(), 'used shared', inside.stderr());
  assert.is(tryLock(join(usr, '.ref')), undefined);
  inside.child.stdin!.end();
  await inside.ended;
  tryLock(join(usr, '.ref'))!.release();
});

test('useRuntime() leaves no descriptor open when it fails', async () => {
  const path = makeTree(newPlace(), ['usr/bin/']);
  const first = tryLock(join(path, '.ref'), { create: true })!;
  await rejection(useRuntime(path));
  await rejection(useRuntime(path, { whenBusy: 'wait', timeout: 1 }));
  first.release();
  assert.equal(openFds(temp), []);
});

test.run();
