// What only looks like copies, or like a runtime, is somebody's own.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lchownSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage, createCopy, removeRuntime, useRuntime } from '../support/runtimes.ts';
import { rejection } from '../support/rejection.ts';
import { scriptCommand } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';
import { makeCopies, makeTree, newPlace, treeOf } from '../support/trees.ts';

const isRoot = process.getuid!() === 0;
const testAsRoot = isRoot ? test : test.skip;
if (!isRoot) console.log('skipped: files of other users need the superuser');

test('collectGarbage() touches nothing where no copy was ever made', async () => {
  const home = makeTree(newPlace('home'), [
    'tmp-photos/wedding.jpg',
    'tmp-partial-0/',
    'deploy-x/',
  ]);
  const before = treeOf(home);
  for (const dryRun of [false, true]) {
    for (const whenBusy of ['skip', 'wait', 'error'] as const) {
      const error = await rejection(collectGarbage(home, { dryRun, whenBusy }));
      assert.is(error.code, 'ERR_NOT_COPIES');
      assert.is(error.path, home);
      assert.match(
        error.message,
        /^Cannot collect in ".*\/home": it has no \.ref, so it never had/,
      );
    }
  }
  assert.equal(treeOf(home), before, 'nor is a .ref made');
  const { deleted } = await collectGarbage(home, { forceParent: true });
  assert.equal(deleted.map(({ name }) => name).sort(), ['tmp-partial-0', 'tmp-photos']);
});

test('a directory in which a copy was made can be collected, also by whom it is a link to', async () => {
  const source = makeTree(newPlace(), ['usr/bin/']);
  const parent = newPlace();
  (await createCopy(source, parent)).lock.release();
  assert.is((await collectGarbage(parent)).deleted.length, 1);
});

/** Entries that are called as copies are, by the user whose they are; 0 is the caller. */
function sharedDirectory(mode: number, owner: number, entries: Record<string, number>): string {
  const parent = makeCopies(newPlace(), Object.keys(entries).map((name) => `${name}/usr/bin/tool`));
  for (const [name, uid] of Object.entries(entries)) {
    for (const path of ['', ...treeOf(join(parent, name))]) {
      lchownSync(join(parent, name, path), uid, uid);
    }
  }
  chownSync(parent, owner, owner);
  chmodSync(parent, mode);
  return parent;
}

testAsRoot(
  'where several users have entries, those of a third one are kept, with the reason',
  async () => {
    const entries = { 'tmp-root': 0, 'tmp-theirs': 2001, 'tmp-other': 2002 };
    for (
      const [mode, owner, kept] of [
        [0o1777, 0, ['tmp-other', 'tmp-theirs']],
        [0o755, 2001, ['tmp-other']],
        [0o1777, 2001, ['tmp-other']],
        [0o755, 0, []],
      ] as const
    ) {
      const parent = sharedDirectory(mode, owner, entries);
      for (const dryRun of [true, false]) {
        const report = await collectGarbage(parent, { dryRun });
        assert.equal(
          report.kept.map(({ name }) => name).sort(),
          kept,
          `${mode.toString(8)} ${owner}`,
        );
        assert.ok(report.kept.every(({ why }) => why === 'not-ours'));
        for (const { message } of report.kept) {
          assert.match(
            message,
            /^it belongs to uid 200[12], and/,
          );
        }
        assert.is(report.deleted.length, 3 - kept.length);
      }
    }
  },
);

testAsRoot('a user who collects in a directory for all deletes no more than what is theirs', () => {
  const parent = sharedDirectory(0o1777, 0, { 'tmp-root': 0, 'tmp-a': 2001, 'tmp-b': 2002 });
  chmodSync(join(parent, '.ref'), 0o666);
  for (const path of [temp, dirname(parent)]) chmodSync(path, 0o755);
  const [command, ...args] = [...scriptCommand('test/fixtures/collect.ts'), parent, '2001'];
  const { stdout, stderr } = spawnSync(command!, args, { encoding: 'utf8' });
  const { deleted, kept } = JSON.parse(stdout || `{"deleted":"${stderr}"}`);
  assert.equal(deleted.map(({ name }: { name: string }) => name), ['tmp-a']);
  // What is the directory's owner's may be collected by its name; only that user may not do it.
  assert.equal(
    kept.map(({ name, why }: { name: string; why: string }) => `${name} ${why}`).sort(),
    ['tmp-b not-ours', 'tmp-root cannot-lock'],
  );
});

const homes = {
  'a home with bin/ and lib/': ['bin/script', 'lib/notes', 'Documents/thesis'],
  'a Python environment': ['bin/python', 'lib/python3.11/', 'pyvenv.cfg'],
  'a project with usr/': ['usr/share/x', 'README'],
  'a backup with files/': ['files/photo.jpg'],
};
for (const [what, entries] of Object.entries(homes)) {
  test(`removeRuntime() does not take ${what} for a runtime`, async () => {
    const path = makeTree(newPlace(), entries);
    const before = treeOf(path);
    for (const dryRun of [false, true]) {
      const error = await rejection(removeRuntime(path, { dryRun, whenBusy: 'wait' }));
      assert.is(error.code, 'ERR_NOT_A_RUNTIME');
      assert.match(
        error.message,
        /nothing says that it is a runtime: .*reflock use.*--force-runtime/,
      );
    }
    assert.equal(treeOf(path), before, 'nor is a .ref made');
    assert.is((await removeRuntime(path, { forceRuntime: true })).removed, true);
  });
}

for (const sign of ['.ref', 'files/.ref', 'usr/.ref', 'usr-mtree.txt.gz', 'usr-mtree.txt']) {
  test(`removeRuntime() takes ${sign} for a sign of a runtime`, async () => {
    const path = makeTree(newPlace(), ['usr/bin/', 'files/bin/', sign]);
    assert.is((await removeRuntime(path)).removed, true);
  });
}

test('a runtime that was used once can be removed', async () => {
  const path = makeTree(newPlace(), ['bin/', 'lib/']);
  (await useRuntime(path)).lock.release();
  assert.is((await removeRuntime(path)).removed, true);
});

test('what a killed remover has left can be removed by its name', async () => {
  const path = makeTree(newPlace('tmp-partial-1234abcd'), ['share/doc']);
  assert.is((await removeRuntime(path)).removed, true);
  assert.is((await rejection(removeRuntime(path))).code, 'ENOENT');
});

test.run();
