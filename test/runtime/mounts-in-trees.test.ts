// What is mounted in a tree belongs to somebody else, and is found before anything is done.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { GarbageReport } from '../../src/runtime/mod.ts';
import { scriptCommand } from '../support/runtime.ts';
import { makeCopies, makeTree, newPlace, treeOf } from '../support/trees.ts';

const isRoot = process.getuid!() === 0;
const testAsRoot = isRoot ? test : test.skip;
if (!isRoot) console.log('skipped: mounts need the superuser');

/** Runs a fixture where something is mounted; the mount ends with it. */
function besideMount(what: string, where: string, fixture: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync('unshare', [
    ...['--mount', 'sh', '-c', `mount --bind '${what}' '${where}' && exec "$@"`, 'sh'],
    ...scriptCommand(`test/fixtures/${fixture}.ts`),
    ...args,
  ], { encoding: 'utf8' });
  assert.not.match(stderr, /^(mount|unshare):/, 'mounts work where tests run as root');
  assert.is(status, 0, stderr);
  return stdout.trim();
}

for (const at of ['files', 'usr', 'usr/share/deep', 'usr/bin/data', 'a b/\\040c'] as const) {
  testAsRoot(`a copy with something mounted at ${at} is kept as it is`, () => {
    const isFile = at === 'usr/bin/data';
    const outside = makeTree(newPlace(), ['bin/', 'lib/', 'file']);
    const what = isFile ? join(outside, 'file') : outside;
    const parent = makeCopies(newPlace(), [
      ...['tmp-a/usr/bin/data', 'tmp-a/usr/share/deep/', 'tmp-a/files/', 'tmp-a/a b/\\040c/'],
      'tmp-b/usr/bin/tool',
    ]);
    const [before, beforeOutside] = [treeOf(join(parent, 'tmp-a')), treeOf(outside)];
    const reports = ['--dry-run', ''].map((flag) =>
      JSON.parse(besideMount(what, join(parent, 'tmp-a', at), 'collect', parent, '', flag))
    );
    for (const { deleted, kept } of reports as GarbageReport[]) {
      assert.equal(deleted.map(({ name }) => name), ['tmp-b']);
      assert.is(kept[0]?.why, 'failed');
      assert.match(kept[0]!.message, /: something is mounted at "/);
      assert.ok(kept[0]!.message.endsWith(`tmp-a/${at}"`.replace('\\', '\\\\')), kept[0]!.message);
    }
    assert.equal(treeOf(join(parent, 'tmp-a')), before);
    assert.equal(treeOf(outside), beforeOutside, 'no .ref is made in what is mounted');
    assert.is(readFileSync(join(outside, 'file'), 'utf8'), 'file\n');
  });
}

testAsRoot('a runtime with something mounted in it, or on it, is not removed', () => {
  for (const at of ['usr/lib', 'usr/bin/tool', '.']) {
    const path = makeTree(newPlace(), ['usr/lib/', 'usr/bin/tool', '.ref']);
    const outside = makeTree(newPlace(), ['usr/bin/tool', '.ref']);
    const what = at === 'usr/bin/tool' ? join(outside, at) : outside;
    const outcome = besideMount(what, join(path, at), 'remove', path);
    assert.match(outcome, /^EBUSY Cannot \w+ ".*": something is mounted at ".*"$/);
    assert.equal(treeOf(path), ['.ref', 'usr/', 'usr/bin/', 'usr/bin/tool', 'usr/lib/']);
  }
});

test.run();
