// What fails is known before anything is renamed, or is undone, or the message tells where it is.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GarbageReport } from '../../src/runtime/mod.ts';
import { collectGarbage, removeRuntime } from '../../src/runtime/mod.ts';
import { setAside } from '../../src/runtime/set-aside.ts';
import { toName } from '../../src/linux/file-calls.ts';
import { scriptCommand } from '../support/runtime.ts';
import { openPlace } from '../support/open-place.ts';
import { temp } from '../support/temp.ts';
import { makeCopies, makeTree, newPlace, treeOf } from '../support/trees.ts';

const isRoot = process.getuid!() === 0;
const testAsRoot = isRoot ? test : test.skip;
if (!isRoot) console.log('skipped: read-only mounts and other users need the superuser');

const reflockCommand = scriptCommand('src/cli/main.ts');
const many = Array.from({ length: 200 }, (_, i) => `usr/bin/f${i}`);

/** Runs the command in a directory that has been deleted, where threads may not start. */
function fromNowhere(...words: string[]): { status: number | null; said: string } {
  const gone = newPlace('gone');
  mkdirSync(gone);
  const script = `cd '${gone}' && rmdir '${gone}' && exec "$@"`;
  const { status, stdout, stderr } = spawnSync('sh', [
    '-c',
    script,
    'sh',
    ...reflockCommand,
    ...words,
  ], {
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

for (const size of ['small', 'large']) {
  const entries = size === 'large' ? many : many.slice(0, 3);
  test(`a ${size} copy that no thread can delete keeps its name, and gc ends with 1`, () => {
    const parent = makeCopies(newPlace(), entries.map((name) => `tmp-a/${name}`));
    const before = treeOf(join(parent, 'tmp-a'));
    const { status, said } = fromNowhere('gc', parent);
    if (status === 0) return assert.equal(readdirSync(parent), ['.ref'], said);
    assert.is(status, 1, said);
    assert.equal(readdirSync(parent), ['.ref', 'tmp-a'], said);
    const left = treeOf(join(parent, 'tmp-a')).filter((name) => !name.endsWith('.ref'));
    assert.equal(left, before, said);
  });

  test(`a ${size} runtime that no thread can delete is still at its path`, () => {
    const base = makeTree(newPlace(), ['rt/.ref', ...entries.map((name) => `rt/${name}`)]);
    const { status, said } = fromNowhere('rm', join(base, 'rt'));
    if (status === 0) return assert.equal(readdirSync(base), [], said);
    assert.equal(readdirSync(base), ['rt'], said);
  });

  test(`a copy of a ${size} runtime that no thread can make leaves nothing behind`, () => {
    const source = makeTree(newPlace(), entries);
    const parent = newPlace();
    const { status, said } = fromNowhere('copy', source, parent);
    if (status !== 0 && !existsSync(parent)) return;
    const names = readdirSync(parent).filter((name) => name !== '.ref');
    assert.ok(names.every((name) => !name.startsWith('tmp-partial-')), names.join());
    assert.is(names.length, status === 0 ? 1 : 0, said);
  });
}

test('a tree does not get its name back over something that somebody has put there', () => {
  for (const there of ['directory/', 'file']) {
    const path = makeTree(newPlace(), ['tmp-a/usr/bin/tool']);
    const parent = openPlace(path);
    const tree = parent.open('tmp-a');
    const aside = setAside(parent, 'tmp-a', toName('tmp-a'), tree);
    makeTree(path, [there.replace(/directory|file/, 'tmp-a')]);
    assert.is(aside.undo(), false);
    assert.equal(readdirSync(path).sort(), [aside.name, 'tmp-a'].sort());
    rmSync(join(path, 'tmp-a'), { recursive: true });
    assert.is(aside.undo(), true);
    assert.equal(treeOf(path), ['tmp-a/', 'tmp-a/usr/', 'tmp-a/usr/bin/', 'tmp-a/usr/bin/tool']);
    tree.close();
    parent.close();
  }
});

test('gc ends with 1 when a lock was refused, as its help says', () => {
  const parent = makeCopies(newPlace(), ['tmp-a/.ref/', 'tmp-b/usr/bin/']);
  const [command, ...args] = [...reflockCommand, 'gc', parent];
  const { status, stdout } = spawnSync(command!, args, { encoding: 'utf8' });
  assert.is(status, 1, stdout);
  assert.match(stdout, /deleted ".*\/tmp-b"/);
});

/** What a dry run and then the real one say to a user. */
function asUser(parent: string): [GarbageReport, GarbageReport] {
  for (const path of [temp, dirname(parent)]) chmodSync(path, 0o755);
  const collect = (flag: string): GarbageReport => {
    const [command, ...args] = [
      ...scriptCommand('test/fixtures/collect.ts'),
      ...[parent, '65534', flag],
    ];
    const { stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8' });
    assert.ok(stdout !== '', stderr);
    return JSON.parse(stdout);
  };
  return [collect('--dry-run'), collect('')];
}

testAsRoot('a dry run promises no more than the rights of the caller', () => {
  const parent = makeCopies(newPlace(), ['tmp-a/usr/fixed/file', 'tmp-b/usr/bin/tool']);
  spawnSync('chown', ['-R', '65534:65534', parent]);
  chmodSync(join(parent, 'tmp-a/usr/fixed'), 0o555);
  const [plan, done] = asUser(parent);
  for (const { deleted, kept } of [plan, done]) {
    assert.equal(deleted.map(({ name }) => name), ['tmp-b']);
    assert.match(kept[0]!.message, /^cannot delete "tmp-.*\/usr\/fixed.*": permission denied/);
  }
  const all = makeCopies(newPlace(), ['tmp-a/usr/bin/tool']);
  spawnSync('chown', ['-R', '65534:65534', all]);
  chmodSync(all, 0o555);
  const [planned] = asUser(all);
  assert.equal(planned.deleted, []);
  assert.match(planned.kept[0]!.message, /^cannot rename it: permission denied/);
});

testAsRoot('a dry run promises nothing on a filesystem that is read-only', () => {
  const parent = makeCopies(newPlace(), ['tmp-a/usr/bin/tool', 'tmp-a/.ref']);
  const runtime = makeTree(newPlace(), ['usr/bin/tool', '.ref']);
  const readOnly = (path: string, ...words: string[]) =>
    spawnSync('unshare', [
      ...['--mount', 'sh', '-c'],
      `mount --bind '${path}' '${path}' && mount -o remount,ro,bind '${path}' && exec "$@"`,
      ...['sh', ...reflockCommand, ...words],
    ], { encoding: 'utf8' });
  const gc = readOnly(parent, 'gc', '--dry-run', parent);
  assert.not.match(gc.stdout, /would delete/);
  assert.is.not(gc.status, 0, gc.stdout + gc.stderr);
  const rm = readOnly(dirname(runtime), 'rm', '--dry-run', runtime);
  assert.not.match(rm.stdout, /would remove/);
  assert.is(rm.status, 69, rm.stdout + rm.stderr);
});

test('what would be freed, and what is freed, does not count what was made for the locks', async () => {
  const tree = ['files/bin/tool', 'usr/bin/tool'];
  const base = makeTree(newPlace(), ['a/.ref', ...tree.map((name) => `a/${name}`)]);
  const plan = await removeRuntime(join(base, 'a'), { dryRun: true });
  const done = await removeRuntime(join(base, 'a'));
  assert.is(done.freedInodes, plan.freedInodes);
  assert.is(done.freedInodes, 8, 'a and its .ref, files, usr, two bin and two tool');
  const parent = makeCopies(newPlace(), tree.map((name) => `tmp-a/${name}`));
  const planned = await collectGarbage(parent, { dryRun: true });
  const collected = await collectGarbage(parent);
  assert.equal([collected.freedInodes, collected.freedBytes], [
    planned.freedInodes,
    planned.freedBytes,
  ]);
  assert.is(collected.freedInodes, 7);
});

test.run();
