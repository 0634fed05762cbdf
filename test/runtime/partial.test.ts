import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { collectGarbage, useRuntime } from '../../src/runtime/mod.ts';
import { Mounts } from '../../src/runtime/mounts.ts';
import { Place } from '../../src/runtime/place.ts';
import { sweepEntry } from '../../src/runtime/sweep-entry.ts';
import { toName } from '../../src/linux/file-calls.ts';
import { startLocker } from '../support/locker.ts';
import { rejection } from '../support/rejection.ts';
import { mustBlock } from '../support/must-block.ts';
import { openPlace } from '../support/open-place.ts';
import { temp } from '../support/temp.ts';

let count = 0;

const options = { dryRun: false, current: new Set<string>(), mounts: new Mounts(), ancestors: [] };

/** A new directory of copies with a runtime of this name in it; gives the paths of both. */
function place(name: string): { parent: string; path: string } {
  const parent = join(temp, `place${++count}`);
  const path = join(parent, name);
  for (const directory of ['bin', 'lib']) mkdirSync(join(path, directory), { recursive: true });
  writeFileSync(join(path, '.ref'), '');
  writeFileSync(join(parent, '.ref'), '');
  return { parent, path };
}

test('collectGarbage() deletes what is not whole in a legacy base too', async () => {
  const { parent } = place('tmp-whole');
  const { parent: base, path: partial } = place('tmp-partial-0');
  mkdirSync(join(base, 'tmp-not-a-copy'));
  const { deleted } = await collectGarbage(parent, { legacyBase: base });
  assert.equal(deleted.map(({ name }) => name), ['tmp-whole', 'tmp-partial-0']);
  assert.not(existsSync(partial));
  assert.equal(readdirSync(base).sort(), ['.ref', 'tmp-not-a-copy']);
});

test('collectGarbage() deletes what is not whole although it has an entry "keep"', async () => {
  const { parent, path } = place('tmp-partial-0');
  writeFileSync(join(path, 'keep'), '');
  const { deleted } = await collectGarbage(parent);
  assert.equal(deleted.map(({ name }) => name), ['tmp-partial-0']);
});
test('collectGarbage() keeps a copy that gets its "keep" just before the lock is taken', async () => {
  const { parent, path } = place('tmp-used');
  const directory = openPlace(parent);
  const bytes = toName('tmp-used');
  const tree = directory.open('tmp-used', bytes);
  // Between the first look for `keep` and the lock the collector looks for files/: this is where a
  // user has their last word, and leaves.
  tree.openBeneath = (name, mounts) => {
    writeFileSync(join(path, 'keep'), '');
    return Place.prototype.openBeneath.call(tree, name, mounts);
  };
  directory.open = () => tree;
  const entry = { parent: directory, name: 'tmp-used', bytes, path };
  const { kept } = await sweepEntry(entry, 'directory', options);
  assert.is(kept?.why, 'keep');
  assert.ok(existsSync(join(path, 'bin')));
  tryLock(join(path, '.ref'))!.release();
  directory.close();
});

for (const when of ['before it is opened', 'before it is locked'] as const) {
  test(`collectGarbage() does not mention what somebody else has deleted ${when}`, async () => {
    const { parent, path } = place('tmp-partial-0');
    const directory = openPlace(parent);
    const bytes = toName('tmp-partial-0');
    const remove = (): void => rmSync(path, { recursive: true });
    directory.open = (...args) => {
      if (when === 'before it is opened') remove();
      const tree = Place.prototype.open.apply(directory, args);
      remove();
      return tree;
    };
    const entry = { parent: directory, name: 'tmp-partial-0', bytes, path };
    const swept = await sweepEntry(entry, 'directory', options);
    assert.equal(swept, { freed: { bytes: 0, inodes: 0 } });
    directory.close();
  });
}

test('useRuntime(".") refuses a runtime that is set aside during the wait', async () => {
  const { parent, path } = place('runtime');
  const aside = join(parent, 'tmp-partial-0');
  const remover = await startLocker('ofd', join(path, '.ref'));
  assert.is(await remover.try('exclusive'), 'ok');
  const before = process.cwd();
  process.chdir(path);
  try {
    const waiting = rejection(useRuntime('.', { whenBusy: 'wait' }));
    await mustBlock(join(path, '.ref'));
    renameSync(path, aside);
    await remover.program.kill();
    assert.is((await waiting).code, 'ERR_LOCK_REPLACED');
    // From there it is not whole, by whichever name.
    assert.is((await rejection(useRuntime('.'))).code, 'ERR_NOT_A_RUNTIME');
    tryLock(join(aside, '.ref'))!.release();
  } finally {
    process.chdir(before);
  }
});

test.run();
