import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { collectGarbage, type GarbageReport, type KeptWhy } from '../support/runtimes.ts';
import { kind } from '../support/kind.ts';
import { within } from '../support/eventually.ts';
import { type Held, holdBy, holdersFor } from '../support/holding.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { rejection } from '../support/rejection.ts';
import { temp } from '../support/temp.ts';
import { makeCopies, makeTree, newPlace, treeOf } from '../support/trees.ts';

const USR = ['bin/tool', 'lib/libc.so -> libc.so.6', 'lib/libc.so.6', 'share/'];
const WHOLE = ['usr/bin/tool', 'usr/lib/libc.so.6', 'etc/passwd', 'bin -> usr/bin'];

const names = (all: readonly { name: string }[]) => all.map(({ name }) => name).sort();
const whyOf = ({ kept }: GarbageReport, name: string): KeptWhy | undefined =>
  kept.find((entry) => entry.name === name)?.why;

/** Fills in one row of the model's table: makes the entry, and gives who holds it. */
interface Row {
  readonly name: string;
  make(path: string): Promise<Held | void> | Held | void;
  readonly becomes: 'deleted' | KeptWhy;
}

const row = (name: string, entries: readonly string[], becomes: Row['becomes']): Row => ({
  name,
  make: (path) => void makeTree(path, entries),
  becomes,
});
const held = (
  name: string,
  entries: readonly string[],
  ref: string,
  mode: 'shared' | 'exclusive',
): Row[] =>
  holdersFor(mode).map((who) => ({
    name: `${name}-${who}`,
    make: (path) => holdBy(who, join(makeTree(path, entries), ref), mode),
    becomes: 'busy',
  }));

/** The locking model's table of what is kept and what is deleted, entry by entry. */
const table: Row[] = [
  row('donotdelete', USR, 'not-garbage'),
  row('tmp-deleteme', ['bin/tool'], 'deleted'),
  row('tmp-unlocked', [...WHOLE, 'usr/.ref', '.ref -> usr/.ref'], 'deleted'),
  row('tmp-empty', [], 'deleted'),
  row('tmp-keep', ['keep', ...WHOLE], 'keep'),
  row('tmp-keepdir', ['keep/', ...WHOLE], 'keep'),
  row('tmp-keeplink', ['keep -> nowhere', ...WHOLE], 'keep'),
  ...held('tmp-rlock', WHOLE, '.ref', 'shared'),
  ...held('tmp-wlock', WHOLE, '.ref', 'exclusive'),
  ...held('tmp-copy', ['usr/.ref', '.ref -> usr/.ref'], 'usr/.ref', 'shared'),
  ...held('tmp-usronly', ['usr/bin/'], 'usr/.ref', 'shared'),
  row('tmp-refdir', ['.ref/'], 'cannot-lock'),
  row('tmp-file', [], 'not-a-directory'),
  row('tmp-link', [], 'not-a-directory'),
  row('deploy-current', ['files/bin/'], 'current'),
  row('deploy-other', ['files/bin/tool', 'metadata'], 'deleted'),
  row('deploy-unlocked', ['files/.ref', '.ref'], 'deleted'),
  ...held('deploy-top', ['files/bin/'], '.ref', 'shared'),
  // The C original looks only at the one above, and can delete a runtime in use.
  ...held('deploy-files', ['files/bin/'], 'files/.ref', 'shared'),
  ...held('deploy-both', ['files/bin/', '.ref'], 'files/.ref', 'exclusive'),
  row('deploy-keep', ['keep', 'files/bin/'], 'keep'),
];
for (const name of ['scout', 'soldier']) {
  table.push(
    row(`${name}_before_0.20200101.0`, ['files/bin/tool'], 'deleted'),
    row(`${name}_0.20200202.0`, ['files/bin/tool'], 'deleted'),
    row(`.${name}_xyz_unpack-temp`, ['files/bin/tool'], 'deleted'),
    row(`${name}_0.keep`, ['keep'], 'keep'),
    ...held(`${name}_0.busy`, ['files/bin/'], 'files/.ref', 'shared'),
    row(`${name}_1.0`, ['files/bin/tool'], 'not-garbage'),
  );
}
table.find(({ name }) => name === 'tmp-file')!.make = (path) => writeFileSync(path, '');
table.find(({ name }) => name === 'tmp-link')!.make = (path) => {
  makeTree(join(path, '..'), [`${basename(path)} -> donotdelete`]);
};

test('collectGarbage() keeps and deletes what the table of the model says', async () => {
  const parent = newPlace();
  const base = newPlace();
  mkdirSync(parent);
  makeCopies(parent, ['scout -> donotdelete', 'soldier -> nowhere']);
  makeTree(base, ['scout -> nowhere', 'soldier -> somewhere', 'somewhere/', 'tmp-notours/bin/']);
  const helds: Held[] = [];
  const before = new Map<string, string[]>();
  for (const { name, make } of table) {
    const places = /^\.?(scout|soldier)_/.test(name) ? [parent, base] : [parent];
    for (const place of places) {
      const one = await make(join(place, name));
      if (one) helds.push(one);
      if (!['tmp-file', 'tmp-link'].includes(name)) {
        before.set(join(place, name), treeOf(join(place, name)));
      }
    }
  }
  const report = await collectGarbage(parent, {
    currentDeployments: ['deploy-current'],
    legacyBase: base,
  });
  for (const { name, becomes } of table) {
    const places = /^\.?(scout|soldier)_/.test(name) ? [parent, base] : [parent];
    for (const place of places) {
      const path = join(place, name);
      const kept = report.kept.find((entry) => entry.path === path);
      const deleted = report.deleted.find((entry) => entry.path === path);
      assert.is(kept?.why ?? (deleted && 'deleted'), becomes, `${path}: ${kept?.message}`);
      assert.is(existsSync(path), becomes !== 'deleted', path);
      // What is kept is as it was, but for the `.ref` that was made to lock it.
      const left = becomes === 'deleted' || !before.has(path) ? [] : treeOf(path);
      const expected = left.length === 0 ? [] : before.get(path)!;
      assert.equal(
        left.filter((name) => !/(^|\/)\.ref$/.test(name) || expected.includes(name)),
        expected,
      );
      if (becomes === 'busy') assert.match(kept!.message, /^in use: held by pid \d+ \(\w+/);
    }
  }
  assert.is(whyOf(report, 'scout'), 'current', 'a link that leads somewhere stays');
  assert.equal(names(report.deleted).filter((name) => /^(scout|soldier)$/.test(name)), [
    'scout',
    'soldier',
  ]);
  assert.is(existsSync(join(base, 'tmp-notours')), true, 'a base directory has no copies');
  assert.not(readdirSync(parent).some((name) => name.startsWith('tmp-partial-')));

  for (const { end } of helds) await end();
  const again = await collectGarbage(parent, {
    currentDeployments: ['deploy-current'],
    legacyBase: base,
  });
  assert.not(again.kept.some(({ why }) => why === 'busy'));
  assert.is(again.deleted.length, helds.length, 'what was busy goes when its holder has gone');
});

test('collectGarbage() keeps deployments and legacy runtimes unless it is told otherwise', async () => {
  const parent = makeCopies(newPlace(), ['deploy-a/files/', 'scout_0.1/files/', 'tmp-a/']);
  const report = await collectGarbage(parent);
  assert.equal(names(report.deleted), ['tmp-a']);
  assert.equal(readdirSync(parent).sort(), ['.ref', 'deploy-a', 'scout_0.1']);
});

test('collectGarbage() names the holder, also one in a container', async () => {
  for (const who of holdersFor('shared')) {
    const parent = makeCopies(newPlace(), ['tmp-a/usr/']);
    const holder = await holdBy(who, join(parent, 'tmp-a/.ref'), 'shared');
    const { kept: [entry] } = await collectGarbage(parent);
    const [one] = entry!.holders;
    assert.is(entry!.holders.length, 1);
    assert.is(one!.kind, who === 'ofd' ? kind : 'process');
    assert.is(one!.mode, 'shared');
    assert.match(one!.command, who === 'bwrap' ? 'bwrap' : 'python');
    if (who !== 'bwrap') assert.is(one!.pid, holder.program.child.pid);
    await holder.end();
  }
});

test('collectGarbage() does nothing while somebody makes a copy, and says who', async () => {
  for (const who of holdersFor('shared')) {
    const parent = makeCopies(newPlace(), ['tmp-a/usr/']);
    const copier = await holdBy(who, join(parent, '.ref'), 'shared');
    const report = await collectGarbage(parent);
    assert.equal(report.deleted, []);
    assert.is(report.busy?.path, join(parent, '.ref'));
    assert.is(report.busy?.holders.length, 1);
    const error = await rejection(collectGarbage(parent, { whenBusy: 'error' }));
    assert.is(error.code, 'ERR_LOCK_BUSY');
    assert.match(error.message, /^Cannot lock ".*\/\.ref" for writing: held by pid \d+ \(/);
    assert.ok(existsSync(join(parent, 'tmp-a')));

    const waiting = collectGarbage(parent, { whenBusy: 'wait' });
    await mustBlock(join(parent, '.ref'));
    await copier.end();
    const { deleted } = await within(5000, 'the collection after the copier', waiting);
    assert.equal(names(deleted), ['tmp-a']);
  }
});

test('collectGarbage() holds the lock of the directory while it sweeps', async () => {
  const parent = makeCopies(newPlace(), ['tmp-a/bin/', 'tmp-b/bin/']);
  const seen: boolean[] = [];
  await collectGarbage(parent, {
    onProgress: () => seen.push(tryLock(join(parent, '.ref'), { mode: 'shared' }) === undefined),
  });
  assert.ok(seen.length >= 2 && seen.every(Boolean));
  tryLock(join(parent, '.ref'))!.release();
});

test('collectGarbage() with dryRun changes nothing, and tells what it would free', async () => {
  const parent = makeCopies(newPlace(), ['tmp-a/bin/tool', 'tmp-b/keep', 'deploy-a/files/']);
  writeFileSync(join(parent, 'tmp-a/big'), new Uint8Array(100_000));
  const before = treeOf(parent);
  const plan = await collectGarbage(parent, { dryRun: true });
  assert.equal(treeOf(parent), before, 'not even a .ref is made');
  assert.is(plan.dryRun, true);
  const done = await collectGarbage(parent);
  assert.equal(names(done.deleted), names(plan.deleted));
  assert.equal([done.freedBytes, done.freedInodes], [plan.freedBytes, plan.freedInodes]);
  assert.ok(done.freedBytes >= 100_000);
  assert.is(done.freedInodes, 4, 'tmp-a, bin, tool and big, and not the .ref that was made');
});

test('collectGarbage() ends by its signal, and by a timeout while it waits', async () => {
  const parent = makeCopies(newPlace(), Array.from({ length: 50 }, (_, i) => `tmp-${i}/bin/tool`));
  const early = await rejection(collectGarbage(parent, { signal: AbortSignal.abort('early') }));
  assert.is(early, 'early' as never);
  const controller = new AbortController();
  const late = await rejection(collectGarbage(parent, {
    signal: controller.signal,
    onProgress: ({ done }) => done === 20 && controller.abort('late'),
  }));
  assert.is(late, 'late' as never);
  assert.ok(readdirSync(parent).length > 20, 'it has stopped in the middle');
  const copier = tryLock(join(parent, '.ref'), { mode: 'shared' })!;
  const slow = await rejection(collectGarbage(parent, { whenBusy: 'wait', timeout: 20 }));
  assert.is(slow.code, 'ERR_LOCK_TIMEOUT');
  copier.release();
  await collectGarbage(parent);
  assert.equal(readdirSync(parent), ['.ref']);
});

test('collectGarbage() refuses a current deployment that is not there', async () => {
  const parent = makeCopies(newPlace(), ['deploy-a/files/', 'tmp-a/']);
  const error = await rejection(collectGarbage(parent, { currentDeployments: ['deploy-b'] }));
  assert.is(error.code, 'ENOENT');
  assert.match(error.message, /^Cannot keep ".*\/deploy-b" as current: no such file or directory/);
  assert.ok(existsSync(join(parent, 'tmp-a')) && existsSync(join(parent, 'deploy-a')));
  for (const currentDeployments of [['b'], 'deploy-a', [1]] as never[]) {
    const wrong = await rejection(collectGarbage(parent, { currentDeployments }));
    assert.is(wrong.code, 'ERR_INVALID_ARG_VALUE');
  }
});

test('collectGarbage() fails in one line where there is nothing to collect from', async () => {
  const nowhere = await rejection(collectGarbage(newPlace()));
  assert.is(nowhere.code, 'ENOENT');
  assert.match(nowhere.message, /^Cannot open ".*": no such file or directory/);
  const file = newPlace();
  writeFileSync(file, '');
  assert.is((await rejection(collectGarbage(file))).code, 'ENOTDIR');
  const same = makeCopies(newPlace(), ['tmp-a/', 'scout_0.1/']);
  const report = await collectGarbage(same, { legacyBase: same });
  assert.equal(names(report.deleted), ['scout_0.1', 'tmp-a'], 'one directory may be both');
});

test('collectGarbage() leaves no descriptor open', async () => {
  const parent = makeCopies(newPlace(), ['tmp-a/bin/', 'tmp-b/keep', 'tmp-c/.ref/', 'x']);
  const holder = await holdBy('ofd', join(makeTree(join(parent, 'tmp-d'), []), '.ref'), 'shared');
  await collectGarbage(parent);
  await holder.end();
  assert.equal(openFds(temp), []);
});

test.run();
