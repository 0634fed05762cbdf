// Trees that somebody hostile has made, or changes while they are swept.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import {
  collectGarbage,
  createCopy,
  type GarbageReport,
  removeRuntime,
  useRuntime,
} from '../../src/runtime/mod.ts';
import { hasContainers } from '../support/container.ts';
import { start, wrap } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { root, scriptCommand } from '../support/runtime.ts';
import { startWithout } from '../support/seccomp.ts';
import { temp } from '../support/temp.ts';
import { makeCopies, makeTree, newPlace, treeOf } from '../support/trees.ts';

const isRoot = process.getuid!() === 0;
const kept = async (parent: string) => (await collectGarbage(parent)).kept;

/** A place outside that nothing may touch, with a file in it. */
function outside(): { place: string; file: string; unchanged(): void } {
  const place = makeTree(newPlace('outside'), ['file', 'directory/file']);
  const file = join(place, 'file');
  const before = statSync(file, { bigint: true });
  return {
    place,
    file,
    unchanged: () => {
      assert.equal(treeOf(place), ['directory/', 'directory/file', 'file']);
      const { ino, mtimeNs, nlink, ctimeNs } = statSync(file, { bigint: true });
      assert.equal([ino, mtimeNs, nlink, ctimeNs], [
        before.ino,
        before.mtimeNs,
        before.nlink,
        before.ctimeNs,
      ]);
    },
  };
}

for (const layout of ['.ref', 'files/.ref', 'usr/.ref']) {
  test(`a ${layout} that is a link to a file outside is neither locked nor its tree deleted`, async () => {
    const { file, place, unchanged } = outside();
    const parents = [newPlace(), newPlace(), newPlace()] as const;
    const up = relative(dirname(join(parents[1], 'tmp-a', layout)), file);
    for (const [index, target] of [file, up, join(place, 'new')].entries()) {
      const parent = makeCopies(parents[index]!, [
        `tmp-a/${layout} -> ${target}`,
        'tmp-a/usr/bin/',
      ]);
      const [entry] = await kept(parent);
      assert.is(entry?.why, 'cannot-lock');
      assert.match(entry!.message, /symbolic link that leads out of its directory$/);
      unchanged();
      assert.is(existsSync(join(place, 'new')), false, 'nor is one created');
    }
  });
}

test('a .ref that is a link to a device, or to itself, is not opened', async () => {
  for (
    const [target, message] of [['/dev/zero', /leads out/], ['.ref', /too many levels/]] as const
  ) {
    const parent = makeCopies(newPlace(), [`tmp-a/.ref -> ${target}`, 'tmp-a/usr/bin/']);
    const [entry] = await kept(parent);
    assert.is(entry?.why, 'cannot-lock');
    assert.match(entry!.message, message);
    const error = await rejection(useRuntime(join(parent, 'tmp-a')));
    assert.match(error.message, message);
    const copy = await rejection(createCopy(join(parent, 'tmp-a'), join(parent, 'copies')));
    assert.match(copy.message, message);
    assert.is(existsSync(join(parent, 'copies')), false);
    const removal = await rejection(removeRuntime(join(parent, 'tmp-a')));
    assert.match(removal.message, message);
  }
});

test('a .ref that is a FIFO, and one of a directory, are refused at once', async () => {
  const parent = makeCopies(newPlace(), ['tmp-a/', 'tmp-b/.ref/']);
  execFileSync('mkfifo', [join(parent, 'tmp-a/.ref')]);
  const entries = await kept(parent);
  assert.equal(entries.map(({ why }) => why), ['cannot-lock', 'cannot-lock']);
  assert.match(
    entries.map(({ message }) => message).join(),
    /is a FIFO.*is a directory|is a directory.*is a FIFO/,
  );
});

test('the .ref of the directory of copies is not followed out of it either', async () => {
  const { file, unchanged } = outside();
  const parent = makeTree(newPlace(), [`.ref -> ${file}`, 'tmp-a/']);
  assert.is((await rejection(collectGarbage(parent))).code, 'EXDEV');
  const source = makeTree(newPlace(), ['usr/bin/']);
  assert.is((await rejection(createCopy(source, parent))).code, 'EXDEV');
  assert.equal(readdirSync(parent).sort(), ['.ref', 'tmp-a']);
  unchanged();
});

test('links in a tree are deleted, and what they lead to is not', async () => {
  const { place, unchanged } = outside();
  const parent = makeCopies(newPlace(), [
    `tmp-a/a -> ${place}`,
    `tmp-a/b -> ${place}/file`,
    'tmp-a/c -> .',
  ]);
  await collectGarbage(parent);
  assert.equal(readdirSync(parent), ['.ref']);
  unchanged();
});

test('a directory that is swapped for a link again and again leads no deletion astray', async () => {
  const { place, unchanged } = outside();
  const parent = newPlace();
  const swapper = start(['python3', `${root}/test/fixtures/swapper.py`, place]);
  assert.is(await swapper.line(), 'ready', swapper.stderr());
  let swaps = 0;
  for (let round = 0; round < 25; round++) {
    const directories = Array.from({ length: 40 }, (_, i) => `tmp-a/d${i}/directory/file`);
    makeCopies(parent, [...directories, 'tmp-a/usr/bin/']);
    swapper.send(join(parent, 'tmp-a'));
    await swapper.line();
    await collectGarbage(parent);
    swapper.send('');
    swaps += Number(await swapper.line());
    unchanged();
    await collectGarbage(parent);
    assert.equal(readdirSync(parent), ['.ref']);
  }
  assert.ok(swaps > 1000, `${swaps} swaps`);
  swapper.child.stdin!.end();
  assert.is((await swapper.ended).code, 0, swapper.stderr());
});

test('a candidate that is swapped for another directory is not deleted in its stead', async () => {
  // From here the swap cannot be timed, but where it leads to can: the name is another one's.
  const parent = makeCopies(newPlace(), ['tmp-a/bin/', 'tmp-b/bin/']);
  const b = tryLock(join(parent, 'tmp-b/.ref'), { mode: 'shared', create: true })!;
  renameSync(join(parent, 'tmp-a'), join(parent, 'tmp-c'));
  symlinkSync('tmp-b', join(parent, 'tmp-a'));
  const report = await collectGarbage(parent);
  assert.equal(report.deleted.map(({ name }) => name), ['tmp-c']);
  assert.equal(treeOf(join(parent, 'tmp-b')), ['.ref', 'bin/']);
  b.release();
});

test('names may be any bytes', async () => {
  const parent = newPlace();
  mkdirSync(parent);
  const source = makeTree(newPlace(), ['usr/bin/']);
  for (const place of [join(source, 'usr'), join(parent, 'tmp-a')]) {
    mkdirSync(place, { recursive: true });
    const script = `import os, sys
os.chdir(sys.argv[1])
for name in (b"new\\nline", b"not \\xff\\xfe UTF-8", b"-rf", b"--", b" ", b"*", b"\\x1b[31m", b"x" * 255):
    os.mkdir(b"d" + name[:254]); open(b"d" + name[:254] + b"/" + name, "w").close(); open(name, "w").close()`;
    execFileSync('python3', ['-c', script, place]);
  }
  execFileSync('python3', [
    '-c',
    'import os,sys; os.mkdir(sys.argv[1].encode() + b"/tmp-\\xff\\n-x")',
    parent,
  ]);
  const copy = await createCopy(source, parent);
  const same = spawnSync('diff', ['-r', join(source, 'usr'), join(copy.path, 'usr')], {
    encoding: 'utf8',
  });
  assert.match(same.stdout, /^Only in .*usr: \.ref\n$/);
  copy.lock.release();
  const { deleted } = await collectGarbage(parent);
  assert.ok(deleted.some(({ name }) => name === 'tmp-\ufffd\n-x'));
  assert.equal(readdirSync(parent), ['.ref']);
});

test('a tree 3,000 levels deep is copied and deleted, with few descriptors', async () => {
  const source = makeTree(newPlace(), ['usr/bin/']);
  const script = `import os, sys
os.chdir(sys.argv[1])
for level in range(3000):
    open("f", "w").close(); os.mkdir("d"); os.chdir("d")`;
  execFileSync('python3', ['-c', script, join(source, 'usr')]);
  const parent = newPlace();
  const copy = await createCopy(source, parent);
  assert.is(copy.entries, 6002, '3,000 files and directories, usr and bin');
  copy.lock.release();
  assert.is((await collectGarbage(parent)).deleted.length, 1);
  assert.is((await removeRuntime(source)).remains, undefined);
  assert.is(existsSync(source), false);
});

const testAsRoot = isRoot ? test : test.skip;
if (!isRoot) console.log('skipped: immutable directories and mounts need the superuser');

testAsRoot('an immutable directory is reported, and the rest goes on', async () => {
  const parent = makeCopies(newPlace(), [
    'tmp-a/bin/tool',
    'tmp-a/lib/fixed/file',
    'tmp-a/lib/file',
    'tmp-a/share/x',
    'tmp-b/bin/tool',
  ]);
  const fixed = join(parent, 'tmp-a/lib/fixed');
  const { status } = spawnSync('chattr', ['+i', fixed]);
  if (status !== 0) return console.log('skipped: no immutable files on this filesystem');
  const partial = () =>
    join(parent, readdirSync(parent).find((name) => name.startsWith('tmp-partial-'))!);
  try {
    const report = await collectGarbage(parent);
    assert.equal(report.deleted.map(({ name }) => name), ['tmp-b']);
    const [entry] = report.kept;
    assert.is(entry!.why, 'failed');
    assert.match(
      entry!.message,
      /^cannot delete "tmp-partial-\w+\/lib\/fixed\/file": operation not permitted \(EPERM from unlink\)$/,
    );
    assert.equal(treeOf(partial()), ['lib/', 'lib/fixed/', 'lib/fixed/file']);
    assert.ok(report.freedInodes >= 6);
  } finally {
    spawnSync('chattr', ['-i', existsSync(fixed) ? fixed : join(partial(), 'lib/fixed')]);
  }
  await collectGarbage(parent);
  assert.equal(readdirSync(parent), ['.ref']);
});

testAsRoot('what is mounted in a tree is not deleted', async () => {
  const { place, unchanged } = outside();
  const parent = makeCopies(newPlace(), ['tmp-a/mnt/', 'tmp-a/bin/tool', 'tmp-b/bin/']);
  // A mount namespace of its own: the test leaves nothing mounted however it ends.
  const { stdout, stderr, status } = spawnSync('unshare', [
    '--mount',
    'sh',
    '-c',
    `mount --bind '${place}' '${parent}/tmp-a/mnt' && exec "$@"`,
    'sh',
    ...scriptCommand('test/fixtures/collect.ts'),
    parent,
  ], { encoding: 'utf8' });
  if (/mount|unshare/.test(stderr)) return console.log(`skipped: ${stderr.split('\n')[0]}`);
  assert.is(status, 0, stderr);
  const report = JSON.parse(stdout);
  assert.match(report.kept[0].message, /: something is mounted at ".*\/tmp-a\/mnt"$/);
  assert.equal(treeOf(join(parent, 'tmp-a')), ['bin/', 'bin/tool', 'mnt/'], 'nothing is touched');
  assert.is(report.deleted.length, 1);
  unchanged();
  await collectGarbage(parent);
  assert.equal(readdirSync(parent), ['.ref']);
});

testAsRoot(
  'a directory that is read-only to the collector is reported, and the rest goes on',
  async () => {
    const parent = makeCopies(newPlace(), [
      '.ref',
      'tmp-a/lib/fixed/file',
      'tmp-a/bin/tool',
      'tmp-b/bin/',
    ]);
    execFileSync('chown', ['-R', '65534:65534', parent]);
    chmodSync(dirname(parent), 0o755);
    chmodSync(temp, 0o755);
    chmodSync(join(parent, 'tmp-a/lib/fixed'), 0o555);
    const program = start([...scriptCommand('test/fixtures/collect.ts'), parent, '65534']);
    const line = await program.line();
    assert.is((await program.ended).code, 0, program.stderr());
    const report: GarbageReport = JSON.parse(line!);
    assert.equal(report.deleted.map(({ name }) => name), ['tmp-b']);
    assert.match(
      report.kept[0]!.message,
      /\/lib\/fixed\/file": permission denied \(EACCES from unlink\)$/,
    );
    const [partial] = readdirSync(parent).filter((name) => name !== '.ref');
    assert.equal(treeOf(join(parent, partial!)), ['lib/', 'lib/fixed/', 'lib/fixed/file']);
  },
);

// openat2(2) is 437 on every architecture.
const testWithFilter = hasContainers && ['x64', 'arm64'].includes(process.arch) ? test : test.skip;
for (const [errno, why] of [[38, 'an older kernel'], [1, 'a filter of system calls']] as const) {
  testWithFilter(`without openat2, as with ${why}, links are followed no further`, async () => {
    const { file, unchanged } = outside();
    const place = newPlace();
    const up = relative(join(place, 'tmp-up'), file);
    const parent = makeCopies(place, [
      `tmp-out/.ref -> ${file}`,
      `tmp-up/.ref -> ${up}`,
      'tmp-chain/.ref -> usr/.ref',
      `tmp-chain/usr/.ref -> ${file}`,
      'tmp-loop/.ref -> .ref',
      'tmp-dir/.ref -> usr/.ref',
      `tmp-dir/usr -> ${dirname(up)}`,
      'tmp-copy/.ref -> usr/.ref',
      'tmp-copy/usr/.ref',
      'tmp-new/.ref -> usr/.ref',
      'tmp-new/usr/bin/',
      'tmp-plain/bin/',
      `tmp-links/a -> ${dirname(file)}`,
    ]);
    const child = wrap(
      startWithout(437, errno, [...scriptCommand('test/fixtures/collect.ts'), parent]),
    );
    const line = await child.line();
    assert.is((await child.ended).code, 0, child.stderr());
    const { deleted, kept }: GarbageReport = JSON.parse(line!);
    assert.equal(deleted.map(({ name }) => name).sort(), [
      'tmp-copy',
      'tmp-links',
      'tmp-new',
      'tmp-plain',
    ]);
    assert.ok(kept.every(({ why }) => why === 'cannot-lock'));
    assert.is(kept.length, 5);
    unchanged();
  });
}

test.run();
