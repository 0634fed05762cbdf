import { mkdirSync, readlinkSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Descent } from '../../src/linux/descent.ts';
import { openDirectory } from '../../src/linux/directory.ts';
import { ELOOP, ENOENT, ENOTDIR, ESTALE } from '../../src/linux/errno.ts';
import { toName } from '../../src/linux/file-calls.ts';
import { closeFd, pathOf } from '../../src/linux/open.ts';
import { openFds } from '../support/open-fds.ts';
import { temp } from '../support/temp.ts';
import { makeTree, newPlace } from '../support/trees.ts';

const LEVELS = 100;
const D = toName('d');

function deepTree(): { place: string; at(level: number): string } {
  const place = newPlace();
  mkdirSync(join(place, 'd/'.repeat(LEVELS)), { recursive: true });
  return { place, at: (level) => join(place, 'd/'.repeat(level)).replace(/\/$/, '') };
}

test('a descent goes down and up any number of levels with few descriptors', () => {
  const { place, at } = deepTree();
  const root = openDirectory(place);
  const descent = new Descent(root, 'enter');
  for (let level = 1; level <= LEVELS; level++) {
    assert.is(descent.down(D), 0);
    assert.is(pathOf(descent.fd), at(level));
  }
  assert.is(descent.down(D), ENOENT);
  const open = openFds(place).length;
  assert.ok(open < 40, `${open} are open`);
  for (let level = LEVELS - 1; level >= 0; level--) {
    assert.is(descent.up(), 0);
    assert.is(pathOf(descent.fd), at(level));
  }
  assert.equal(openFds(temp).length, 1);
  closeFd(root);
});

test('a descent notices that the way back up has changed', () => {
  const { place, at } = deepTree();
  const elsewhere = makeTree(newPlace(), ['e/']);
  const root = openDirectory(place);
  const descent = new Descent(root, 'enter');
  for (let level = 1; level <= LEVELS; level++) descent.down(D);
  // The parent of level 20 is another directory from now on.
  renameSync(at(20), join(elsewhere, 'e/d'));
  let level = LEVELS;
  let errno = 0;
  while (errno === 0) {
    errno = descent.up();
    level--;
  }
  assert.is(errno, ESTALE);
  assert.is(level, 19);
  descent.close();
  assert.equal(openFds(temp).length, 1);
  closeFd(root);
});

test('a descent follows no link and enters no file', () => {
  const place = makeTree(newPlace(), ['a/b', 'link -> a', 'file']);
  const root = openDirectory(place);
  for (const mounts of ['enter', 'refuse'] as const) {
    const descent = new Descent(root, mounts);
    assert.ok([ELOOP, ENOTDIR].includes(descent.down(toName('link'))));
    assert.is(descent.down(toName('file')), ENOTDIR);
    assert.is(descent.down(toName('a')), 0);
    assert.is(
      statSync(readlinkSync(`/proc/self/fd/${descent.fd}`)).ino,
      statSync(join(place, 'a')).ino,
    );
    descent.close();
  }
  closeFd(root);
});

test.run();
