import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, lstatSync } from 'node:fs';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { collectGarbage, createCopy, type Progress } from '../support/runtimes.ts';
import { eventually, within } from '../support/eventually.ts';
import { holdBy } from '../support/holding.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { rejection } from '../support/rejection.ts';
import { scriptCommand } from '../support/runtime.ts';
import { heedsSetId, temp } from '../support/temp.ts';
import { makeTree, newPlace, treeOf } from '../support/trees.ts';

const isRoot = process.getuid!() === 0;

test('a merged /usr becomes the usr/ of a copy with links to it at the top', async () => {
  const source = makeTree(newPlace(), [
    ...['bin/tool', 'lib/libc.so.6', 'lib/libc.so -> libc.so.6', 'lib64/ld.so', 'libexec/x'],
    ...['etc/passwd', 'sbin/', 'share/doc/', 'var/', '.ref', 'libfile'],
  ]);
  const copy = await createCopy(source, newPlace('copies'));
  assert.equal(treeOf(copy.path).filter((name) => !name.startsWith('usr/')), [
    '.ref -> usr/.ref',
    'bin -> usr/bin',
    'etc -> usr/etc',
    'lib -> usr/lib',
    'lib64 -> usr/lib64',
    'sbin -> usr/sbin',
    'var -> usr/var',
  ]);
  assert.equal(treeOf(join(copy.path, 'usr')), treeOf(source));
  assert.is(statSync(copy.path).mode & 0o7777, 0o755, 'it becomes the / of a container');
  assert.match(copy.path, /\/copies\/tmp-[0-9a-f]{8}$/);
  assert.is(copy.entries, treeOf(source).length - 1, 'all but the .ref');
  copy.lock.release();
});

test('a whole root filesystem has its bin, lib* and sbin merged into usr/', async () => {
  const source = makeTree(newPlace(), [
    ...['bin/sh', 'bin/both -> /usr/bin/both', 'lib/x86/libc.so.6', 'lib64/ld.so', 'sbin/init'],
    ...['usr/bin/env', 'usr/bin/both', 'usr/bin/sh -> /bin/sh', 'usr/lib/x86/libm.so'],
    ...['usr/lib/linked -> x', 'lib/linked/file', 'usr/share/x', 'etc/passwd', 'libexec/x', '.ref'],
    ...['usr/bin/clash', 'bin/clash'],
  ]);
  writeFileSync(join(source, 'bin/clash'), 'of bin\n');
  const copy = await createCopy(source, newPlace());
  assert.equal(treeOf(copy.path), [
    ...['.ref -> usr/.ref', 'bin -> usr/bin', 'etc/', 'etc/passwd', 'lib -> usr/lib'],
    ...['lib64 -> usr/lib64', 'libexec/', 'libexec/x', 'sbin -> usr/sbin', 'usr/', 'usr/.ref'],
    ...['usr/bin/', 'usr/bin/both', 'usr/bin/clash', 'usr/bin/env', 'usr/bin/sh', 'usr/lib/'],
    ...['usr/lib/linked/', 'usr/lib/linked/file', 'usr/lib/x86/', 'usr/lib/x86/libc.so.6'],
    ...['usr/lib/x86/libm.so', 'usr/lib64/', 'usr/lib64/ld.so', 'usr/sbin/', 'usr/sbin/init'],
    ...['usr/share/', 'usr/share/x'],
  ]);
  // A link to the other place would lead to itself: the file has won.
  assert.is(readFileSync(join(copy.path, 'usr/bin/both'), 'utf8'), 'usr/bin/both\n');
  assert.is(readFileSync(join(copy.path, 'usr/bin/sh'), 'utf8'), 'bin/sh\n');
  assert.is(readFileSync(join(copy.path, 'usr/bin/clash'), 'utf8'), 'of bin\n');
  assert.equal(copy.skipped, [{ path: 'usr/bin/clash', why: 'the name was taken' }]);
  copy.lock.release();
});

test('a copy has its own lock, held shared, and its source and directory are free again', async () => {
  const source = makeTree(newPlace(), ['usr/bin/', 'usr/.ref', '.ref -> usr/.ref']);
  const parent = newPlace();
  const copy = await createCopy(source, parent);
  assert.is(copy.ref, join(copy.path, 'usr/.ref'));
  assert.is(copy.lock.path, copy.ref);
  assert.is(readlinkSync(join(copy.path, '.ref')), 'usr/.ref');
  assert.not(statSync(copy.ref).ino === statSync(join(source, '.ref')).ino);
  assert.is(statSync(copy.ref).mode & 0o777, 0o644);
  assert.is(tryLock(copy.ref), undefined);
  tryLock(copy.ref, { mode: 'shared' })!.release();
  tryLock(join(source, '.ref'))!.release();
  tryLock(join(parent, '.ref'))!.release();
  copy.lock.release();
  tryLock(join(copy.path, '.ref'))!.release();
});

test('the directory of copies is made for its owner alone, and kept as it is if it is there', async () => {
  const source = makeTree(newPlace(), ['usr/bin/']);
  const parent = join(newPlace(), 'a/b');
  (await createCopy(source, parent)).lock.release();
  assert.is(statSync(parent).mode & 0o777, 0o700);
  chmodSync(parent, 0o755);
  (await createCopy(source, parent)).lock.release();
  assert.is(statSync(parent).mode & 0o777, 0o755);
});

test('modes, times, owners, links and extended attributes survive', async () => {
  const source = makeTree(newPlace(), [
    ...['usr/bin/tool', 'usr/bin/link -> tool', 'usr/closed/file', 'usr/sticky/', 'var/x'],
  ]);
  const names = ['usr/bin/tool', 'usr/closed', 'usr/sticky', 'var', 'var/x', 'usr', '', 'usr/bin'];
  // Where that means nothing, a copy that is no hard link does not have it (copy-privileges).
  chmodSync(join(source, 'usr/bin/tool'), heedsSetId() ? 0o4755 : 0o755);
  chmodSync(join(source, 'usr/sticky'), 0o1777);
  chmodSync(join(source, 'var'), 0o2750);
  if (isRoot) {
    for (const name of ['var', 'usr/closed']) {
      chownSync(join(source, name), 1234, 4321);
    }
  }
  chmodSync(join(source, 'usr/closed'), isRoot ? 0o555 : 0o755);
  const tagged = ['usr/closed', 'usr/bin/tool', 'usr'].filter((name) =>
    spawnSync('setfattr', ['-n', 'user.reflock', '-v', 'kept', join(source, name)]).status === 0
  );
  if (tagged.length === 0) console.log('skipped: extended attributes, which need setfattr');
  for (const [index, name] of names.entries()) {
    utimesSync(join(source, name), 1000 + index, 2000.5 + index);
  }
  for (const parent of [newPlace(), otherFilesystem()]) {
    if (parent === undefined) continue;
    const copy = await createCopy(source, parent);
    for (const name of names) {
      const [one, other] = [source, copy.path].map((root) => lstatSync(join(root, name)));
      for (const key of ['mode', 'uid', 'gid', 'mtimeMs'] as const) {
        assert.is(other![key], one![key], `${key} of ${name || 'the root'} in ${parent}`);
      }
    }
    assert.is(readlinkSync(join(copy.path, 'usr/bin/link')), 'tool');
    for (const name of tagged) {
      const value = execFileSync('getfattr', [
        '--absolute-names',
        '--only-values',
        '-n',
        'user.reflock',
        join(copy.path, name),
      ]);
      assert.is(value.toString(), 'kept');
    }
    copy.lock.release();
    await collectGarbage(parent);
    assert.equal(readdirSync(parent), ['.ref']);
  }
});

test('files are hard links on the same filesystem, and copies of their own elsewhere', async () => {
  const source = makeTree(newPlace(), ['usr/bin/tool', 'usr/empty', 'usr/big', 'usr/l -> big']);
  writeFileSync(join(source, 'usr/empty'), '');
  writeFileSync(join(source, 'usr/big'), new Uint8Array(20_000_000).fill(7));
  const here = await createCopy(source, newPlace());
  assert.is(statSync(join(here.path, 'usr/big')).ino, statSync(join(source, 'usr/big')).ino);
  here.lock.release();
  const parent = otherFilesystem();
  if (parent === undefined) return;
  const there = await createCopy(source, parent);
  assert.is(
    spawnSync('diff', ['-r', source, there.path]).stdout.toString().includes('differ'),
    false,
  );
  const own = (name: string) => !/\.ref$|^bin -> /.test(name);
  assert.equal(treeOf(there.path).filter(own), treeOf(source).filter(own));
  assert.is(readFileSync(join(there.path, 'usr/big')).length, 20_000_000);
  assert.is(statSync(join(there.path, 'usr/big')).nlink, 1);
  there.lock.release();
  await collectGarbage(parent);
});

test('devices, FIFOs and sockets are left out and reported', async () => {
  const source = makeTree(newPlace(), ['usr/bin/tool', 'dev/', 'run/']);
  execFileSync('mkfifo', [join(source, 'run/fifo')]);
  execFileSync('python3', [
    '-c',
    'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])',
    join(source, 'run/sock'),
  ]);
  const expected = [
    { path: 'run/fifo', why: 'a FIFO' },
    { path: 'run/sock', why: 'a socket' },
  ];
  if (isRoot) {
    execFileSync('mknod', [join(source, 'dev/null'), 'c', '1', '3']);
    expected.unshift({ path: 'dev/null', why: 'a character device' });
  }
  const copy = await createCopy(source, newPlace());
  assert.equal([...copy.skipped].sort((a, b) => a.path < b.path ? -1 : 1), expected);
  assert.ok(treeOf(copy.path).includes('run/'));
  assert.not(treeOf(copy.path).some((name) => /fifo|sock|null/.test(name)));
  copy.lock.release();
});

test('createCopy() of a source that is being deleted is busy, or waits', async () => {
  const source = makeTree(newPlace(), ['usr/bin/']);
  const parent = newPlace();
  const remover = await holdBy('posix', join(source, '.ref'), 'exclusive');
  const error = await rejection(createCopy(source, parent));
  assert.is(error.code, 'ERR_LOCK_BUSY');
  assert.is(existsSync(parent), false);
  const waiting = createCopy(source, parent, { whenBusy: 'wait' });
  await mustBlock(join(source, '.ref'));
  await remover.end();
  (await within(5000, 'the copy after the remover', waiting)).lock.release();
});

test('createCopy() waits for a collection, with a word, an end and no copy before', async () => {
  const source = makeTree(newPlace(), ['usr/bin/']);
  const parent = makeTree(newPlace(), []);
  const collector = await holdBy('ofd', join(parent, '.ref'), 'exclusive');
  assert.is(
    (await rejection(createCopy(source, parent, { timeout: 10 }))).code,
    'ERR_LOCK_TIMEOUT',
  );
  const told: string[] = [];
  const waiting = createCopy(source, parent, { onWait: ({ mode }) => told.push(mode) });
  await mustBlock(join(parent, '.ref'));
  assert.equal(readdirSync(parent), ['.ref']);
  assert.is(tryLock(join(source, '.ref')), undefined, 'the source is locked first');
  await collector.end();
  (await within(5000, 'the copy after the collector', waiting)).lock.release();
  assert.equal(told, ['shared']);
});

test('createCopy() holds the lock of the directory until the copy is in its place', async () => {
  const source = makeTree(newPlace(), Array.from({ length: 1500 }, (_, i) => `usr/d${i}/`));
  const parent = newPlace();
  const seen: string[] = [];
  const copying = createCopy(source, parent, {
    onProgress: () => seen.push(...readdirSync(parent)),
  });
  await eventually('a partial copy', () => {
    return existsSync(parent) &&
      readdirSync(parent).some((name) => name.startsWith('tmp-partial-'));
  });
  assert.is(tryLock(join(parent, '.ref')), undefined);
  assert.is((await collectGarbage(parent)).busy?.path, join(parent, '.ref'));
  const copy = await copying;
  assert.ok(seen.length > 0);
  assert.is(readdirSync(parent).length, 2);
  copy.lock.release();
});

test('an abort half-way leaves nothing of the copy behind', async () => {
  const source = makeTree(newPlace(), Array.from({ length: 1500 }, (_, i) => `usr/d${i}/f`));
  const parent = newPlace();
  const controller = new AbortController();
  const copying = rejection(createCopy(source, parent, { signal: controller.signal }));
  await eventually('a partial copy', () => {
    return existsSync(parent) &&
      readdirSync(parent).some((name) => name.startsWith('tmp-partial-'));
  });
  controller.abort('enough');
  assert.is(await copying, 'enough' as never);
  assert.equal(readdirSync(parent), ['.ref']);
  tryLock(join(parent, '.ref'))!.release();
  tryLock(join(source, '.ref'))!.release();
  assert.equal(openFds(temp), []);
});

test('an error half-way names the entry, and leaves nothing of the copy behind', () => {
  const small = makeTree(newPlace('small'), []);
  const source = makeTree(newPlace(), ['usr/bin/tool', 'usr/z/big']);
  writeFileSync(join(source, 'usr/z/big'), new Uint8Array(5_000_000));
  // In a mount namespace of its own, so that nothing stays mounted however the test ends.
  const { stdout, stderr } = spawnSync('unshare', [
    ...['--mount', 'sh', '-c', `mount -t tmpfs -o size=1m tmpfs '${small}' && exec "$@"`, 'sh'],
    ...scriptCommand('test/fixtures/copy.ts'),
    source,
    small,
  ], { encoding: 'utf8' });
  if (/^(mount|unshare):/.test(stderr)) return console.log(`skipped: ${stderr.split('\n')[0]}`);
  const [outcome, left, fds] = stdout.split('\n');
  assert.match(
    outcome!,
    /^ENOSPC Cannot copy ".*" into ".*": no space left on device \(ENOSPC from \w+\) at "usr\/z\/big"$/,
  );
  assert.is(left, '.ref');
  assert.is(fds, '', 'no descriptor is left open');
});

test('progress has an end that is known, and comes to it', async () => {
  const source = makeTree(newPlace(), Array.from({ length: 500 }, (_, i) => `usr/d${i}/f`));
  const all: Progress[] = [];
  const copy = await createCopy(source, newPlace(), { onProgress: (one) => all.push(one) });
  assert.equal(all.at(-1), { done: 1002, total: 1002 });
  assert.is(copy.entries, 1001, 'all but the .ref');
  assert.ok(all.every(({ done }, index) => index === 0 || done >= all[index - 1]!.done));
  copy.lock.release();
});

test('a copy cannot be made within its own source', async () => {
  const source = makeTree(newPlace(), ['usr/bin/']);
  for (const parent of [source, join(source, 'var/copies')]) {
    const error = await rejection(createCopy(source, parent));
    assert.is(error.code, 'EINVAL');
    assert.match(error.message, /it lies in what is to be copied$/);
  }
  assert.equal(treeOf(source), ['.ref', 'usr/', 'usr/bin/'], 'and nothing is made there');
});

test('a source whose usr is a link is refused', async () => {
  const elsewhere = makeTree(newPlace(), ['bin/tool']);
  const source = makeTree(newPlace(), [`usr -> ${elsewhere}`]);
  const parent = newPlace();
  const error = await rejection(createCopy(source, parent));
  assert.match(error.message, /^Cannot copy .*: not a directory|too many levels/);
  assert.equal(treeOf(elsewhere), ['bin/', 'bin/tool']);
  assert.equal(readdirSync(parent), ['.ref']);
});

/** A new directory on another filesystem than the tests' own, if there is one to write to. */
function otherFilesystem(): string | undefined {
  const shm = '/dev/shm';
  if (!existsSync(shm) || statSync(shm).dev === statSync(temp).dev) {
    console.log('skipped: there is no second filesystem to copy to');
    return undefined;
  }
  const path = execFileSync('mktemp', ['-d', `${shm}/reflock-test-XXXXXX`], { encoding: 'utf8' })
    .trim();
  process.on('exit', () => spawnSync('rm', ['-rf', path]));
  return path;
}

test.run();
