// A tree is in use when any part of it is, or a runtime in which it lies.

import { chmodSync, existsSync, lchownSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { HeldRefs } from '../../src/runtime/held-refs.ts';
import { Mounts } from '../../src/runtime/mounts.ts';
import { Place } from '../../src/runtime/place.ts';
import { claimTree } from '../../src/runtime/claim-tree.ts';
import { deleteClaimed } from '../../src/runtime/delete-claimed.ts';
import { collectGarbage, createCopy, removeRuntime, useRuntime } from '../support/runtimes.ts';
import { within } from '../support/eventually.ts';
import { holdBy, holdersFor } from '../support/holding.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { rejection } from '../support/rejection.ts';
import { temp } from '../support/temp.ts';
import { makeCopies, makeTree, newPlace, treeOf } from '../support/trees.ts';

/** What is used, and what is removed meanwhile. */
const removals = [
  ['deploy-1/files/usr', 'deploy-1', [
    'deploy-1/files/usr/bin/',
    'deploy-1/files/usr/lib/',
    'deploy-1/.ref',
  ]],
  ['debian', 'debian/usr', ['debian/usr/bin/', 'debian/usr/lib/', 'debian/usr/.ref']],
  ['debian/usr', 'debian', ['debian/usr/bin/', 'debian/usr/lib/', 'debian/.ref']],
  ['base/var/tmp-1', 'base', ['base/var/tmp-1/usr/', 'base/usr/bin/', 'base/.ref']],
  ['base/a/b/c/d/rt', 'base', ['base/a/b/c/d/rt/usr/', 'base/usr/', 'base/.ref']],
  ['rt/a/b/c/files', 'rt/a/b', ['rt/usr/', 'rt/a/b/c/files/usr/', 'rt/a/b/usr/', 'rt/a/b/.ref']],
] as const;

for (const [used, removed, entries] of removals) {
  test(`removeRuntime() of ${removed} is busy while ${used} is used`, async () => {
    const place = makeTree(newPlace(), entries);
    const { lock, ref } = await useRuntime(join(place, used));
    lock.release();
    const user = await holdBy('ofd', ref, 'shared');
    const before = treeOf(place);
    for (const dryRun of [false, true]) {
      const error = await rejection(removeRuntime(join(place, removed), { dryRun }));
      assert.is(error.code, 'ERR_LOCK_BUSY');
      assert.match(error.message, /held by pid \d+/);
      assert.is(error.path, ref, 'the lock that is in the way');
    }
    assert.equal(treeOf(place).filter((name) => !name.endsWith('.ref')), [
      ...before.filter((name) => !name.endsWith('.ref')),
    ]);
    const waiting = removeRuntime(join(place, removed), { whenBusy: 'wait' });
    await mustBlock(ref);
    await user.end();
    assert.is((await within(5000, 'the removal after the user', waiting)).removed, true);
    assert.is(existsSync(join(place, removed)), false);
    assert.equal(openFds(temp), []);
  });
}

test('a runtime that is used from above stays in use by what another program locks', async () => {
  for (const who of holdersFor('shared')) {
    const place = makeTree(newPlace(), [
      'debian/usr/bin/',
      'debian/usr/lib/',
      'debian/usr/.ref',
      'debian/.ref',
    ]);
    const user = await holdBy(who, join(place, 'debian/.ref'), 'shared');
    assert.is((await rejection(removeRuntime(join(place, 'debian/usr')))).code, 'ERR_LOCK_BUSY');
    await user.end();
  }
});

test('collectGarbage() keeps a copy in which something is used, however deep', async () => {
  const parent = makeCopies(newPlace(), ['tmp-x/files/usr/bin/', 'tmp-y/a/b/c/usr/bin/', 'tmp-z/']);
  const locks = [];
  for (const name of ['tmp-x/files/usr/..', 'tmp-y/a/b/c']) {
    locks.push((await useRuntime(join(parent, name))).lock);
  }
  const { deleted, kept } = await collectGarbage(parent);
  assert.equal(deleted.map(({ name }) => name), ['tmp-z']);
  assert.equal(kept.map(({ name, why }) => `${name} ${why}`).sort(), ['tmp-x busy', 'tmp-y busy']);
  assert.ok(kept.every(({ message }) => /^in use: held by pid \d+/.test(message)));
  for (const lock of locks) lock.release();
  assert.is((await collectGarbage(parent)).deleted.length, 2);
});

test('collectGarbage() collects nothing of a runtime that is used as a whole, and says so', async () => {
  const place = makeCopies(join(newPlace(), 'var'), ['tmp-a/usr/bin/']);
  const root = join(place, '..');
  makeTree(root, ['usr/bin/']);
  const { lock, ref } = await useRuntime(root);
  const { busy, deleted } = await collectGarbage(place);
  assert.is(busy?.path, ref);
  assert.equal(deleted, []);
  assert.is((await rejection(collectGarbage(place, { whenBusy: 'error' }))).code, 'ERR_LOCK_BUSY');
  lock.release();
  assert.is((await collectGarbage(place)).deleted.length, 1);
});

test('those who remove parts of one runtime are not in the way of each other', async () => {
  const root = makeTree(newPlace(), ['usr/bin/', '.ref']);
  const names = Array.from({ length: 8 }, (_, index) => `opt/rt${index}`);
  makeTree(root, names.flatMap((name) => [`${name}/usr/bin/tool`, `${name}/.ref`]));
  const removed = await Promise.all(names.map((name) => removeRuntime(join(root, name))));
  assert.ok(removed.every(({ removed }) => removed));
  assert.equal(readdirSync(join(root, 'opt')), []);
});

test('a .ref in a directory that everybody may write to stops nobody', async () => {
  // As in /tmp, where anybody may make one, and a usr/ beside it.
  const place = makeTree(newPlace(), ['usr/', 'copies/.ref', 'copies/tmp-a/usr/']);
  if (process.getuid!() !== 0) {
    return console.log('skipped: files of other users need the superuser');
  }
  writeFileSync(join(place, '.ref'), '');
  chmodSync(place, 0o1777);
  lchownSync(join(place, '.ref'), 2001, 2001);
  const user = tryLock(join(place, '.ref'), { mode: 'shared' })!;
  assert.is((await collectGarbage(join(place, 'copies'))).deleted.length, 1);
  user.release();
});

for (const who of ['a part of it', 'an outer runtime'] as const) {
  test(`a tree gets its name back when ${who} is used before the rename`, async () => {
    const root = makeTree(newPlace(), [
      'usr/',
      '.ref',
      'opt/rt/usr/',
      'opt/rt/.ref',
      'opt/rt/a/usr/',
    ]);
    const path = join(root, 'opt/rt');
    const { parent, name, tree } = Place.entry(path, 'Cannot open it')!;
    const outer = Place.at(root, 'Cannot open it');
    const held = new HeldRefs({});
    const survey = await claimTree(tree, held, { dryRun: false, mounts: new Mounts() });
    assert.not('busy' in survey);
    // All locks are held, and this user comes by one that was not there.
    const { lock, ref } = await useRuntime(who === 'a part of it' ? join(path, 'a') : root);
    const entry = { parent, name, tree };
    const done = await deleteClaimed(entry, survey as never, { held, ancestors: [outer] }, {});
    assert.is('busy' in done && done.busy, ref);
    assert.equal(readdirSync(join(root, 'opt')), ['rt']);
    assert.ok(existsSync(join(path, 'a/usr')));
    lock.release();
    held.close();
    for (const place of [parent, tree, outer]) place.close();
  });
}

test('a copy has lock files of its own, also for the runtimes that lie in it', async () => {
  const source = makeTree(newPlace(), ['usr/bin/', 'opt/rt/usr/bin/']);
  (await useRuntime(join(source, 'opt/rt'))).lock.release();
  const copy = await createCopy(source, newPlace());
  const used = await useRuntime(join(source, 'opt/rt'));
  tryLock(join(copy.path, 'opt/rt/.ref'))!.release();
  used.lock.release();
  copy.lock.release();
});

test.run();
