// Where a path leads is asked once, and only a link that may be followed is followed.

import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lchownSync, readdirSync } from 'node:fs';
import { symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage, createCopy, removeRuntime, useRuntime } from '../../src/runtime/mod.ts';
import { openFds } from '../support/open-fds.ts';
import { rejection } from '../support/rejection.ts';
import { scriptCommand } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';
import { makeCopies, makeTree, newPlace, treeOf } from '../support/trees.ts';

const [ATTACKER, VICTIM] = [2001, 2002];
const isRoot = process.getuid!() === 0;
const testAsRoot = isRoot ? test : test.skip;
if (!isRoot) console.log('skipped: files of other users need the superuser');

/** Gives a whole tree to a user. */
function give(path: string, uid: number): string {
  for (const name of ['', ...treeOf(path)]) {
    lchownSync(join(path, name.split(' -> ')[0]!), uid, uid);
  }
  return path;
}

/** A link that a user makes. */
function link(path: string, target: string, uid: number): string {
  symlinkSync(target, path);
  lchownSync(path, uid, uid);
  return path;
}

/** A third user's directory, in which there is all that could be wanted of it. */
function victim(): { path: string; unchanged(): void } {
  const path = makeCopies(newPlace('victim'), [
    'usr/bin/secret',
    'tmp-photos/secret',
    'way/usr/bin/',
  ]);
  give(path, VICTIM);
  const before = treeOf(path);
  return { path, unchanged: () => assert.equal(treeOf(path), before) };
}

testAsRoot('a link of one user to the directory of another one is not followed', async () => {
  const { path, unchanged } = victim();
  const place = give(makeTree(newPlace(), []), ATTACKER);
  const last = link(join(place, 'last'), path, ATTACKER);
  const middle = join(link(join(place, 'middle'), dirname(path), ATTACKER), 'victim');
  const source = makeTree(newPlace(), ['usr/bin/', '.ref']);
  for (const led of [last, `${last}/`, middle, join(last, 'way/..')]) {
    for (
      const call of [
        () => useRuntime(led),
        () => createCopy(led, newPlace()),
        () => createCopy(source, led),
        () => createCopy(source, join(led, 'new')),
        () => collectGarbage(led),
        () => collectGarbage(newPlace(), { legacyBase: led }),
        () => removeRuntime(`${led}/.`),
      ]
    ) {
      const { code, message } = await rejection(call());
      if (code === 'ENOENT') continue;
      assert.is(code, 'EACCES', message);
      assert.match(
        message,
        /leads through a symbolic link of uid 2001 to a directory of uid (0|2002),/,
      );
    }
  }
  for (const led of [last, `${last}/`]) {
    assert.is((await rejection(removeRuntime(led))).code, 'ENOTDIR');
  }
  assert.is((await rejection(removeRuntime(middle))).code, 'EACCES');
  unchanged();
  assert.equal(openFds(temp), []);
});

testAsRoot('a link of root, of the caller, or to what its own maker has is followed', async () => {
  const theirs = give(makeTree(newPlace('theirs'), ['usr/bin/']), VICTIM);
  const place = makeTree(newPlace(), []);
  for (const [index, [owner, target]] of [[0, theirs], [VICTIM, theirs]].entries()) {
    const path = link(join(place, `link${index}`), target as string, owner as number);
    (await useRuntime(path)).lock.release();
    (await useRuntime(join(path, '.'))).lock.release();
  }
  // The caller's own, who is not root: only somebody else can be refused then.
  for (const path of [temp, dirname(place), place, dirname(theirs)]) chmodSync(path, 0o755);
  const own = link(join(place, 'own'), theirs, ATTACKER);
  writeFileSync(join(theirs, '.ref'), '');
  chmodSync(join(theirs, '.ref'), 0o644);
  const { stdout, stderr } = spawnSync('setpriv', [
    ...['--reuid', String(ATTACKER), '--clear-groups', 'env', 'HOME=/', `PATH=${process.env.PATH}`],
    ...scriptCommand('test/fixtures/use.ts'),
    own,
  ], { encoding: 'utf8' });
  if (/EACCES|ermission denied/.test(stderr)) {
    return console.log(`skipped: ${stderr.split('\n')[0]}`);
  }
  assert.match(stdout, /^used shared/, stderr);
});

test('links that the caller has made are followed, and rm takes none for the directory', async () => {
  const place = makeTree(newPlace(), ['real/usr/bin/', 'real/.ref', 'up/', 'now -> real']);
  symlinkSync('../now', join(place, 'up/again'));
  const { root, lock } = await useRuntime(join(place, 'up/again'));
  assert.is(root, join(place, 'real'));
  lock.release();
  assert.is((await rejection(removeRuntime(join(place, 'up/again')))).code, 'ENOTDIR');
  const copies = makeCopies(join(place, 'real-copies'), ['tmp-a/']);
  symlinkSync('real-copies', join(place, 'copies'));
  const { deleted, kept } = await collectGarbage(join(place, 'copies'));
  assert.is(deleted.length, 1, JSON.stringify(kept));
  assert.equal(readdirSync(copies), ['.ref']);
  assert.is((await removeRuntime(join(place, 'up/../now/../real'))).removed, true);
});

test('a path that goes round in links, or on through a file, ends with its error', async () => {
  const source = makeTree(newPlace(), ['usr/bin/']);
  const place = makeTree(newPlace(), [
    'file',
    'one -> other',
    'other -> one',
    'dangling -> nothing',
  ]);
  for (
    const [name, code] of [
      ['one', 'ELOOP'],
      ['file/x', 'ENOTDIR'],
      ['dangling', 'ENOENT'],
      ['dangling/x', 'ENOENT'],
      ['x/../file', 'ENOENT'],
    ] as const
  ) {
    const path = join(place, 'x', '..', '.') + `/${name}`;
    assert.is((await rejection(useRuntime(path))).code, code, name);
    assert.is((await rejection(createCopy(source, path))).code, code === 'ELOOP' ? 'ELOOP' : code);
  }
  assert.equal(readdirSync(place).sort(), ['dangling', 'file', 'one', 'other']);
  assert.equal(openFds(temp), []);
});

testAsRoot('rm in a directory over which something is mounted removes what the caller sees', () => {
  const place = makeTree(newPlace(), ['hidden/rt/usr/bin/below', 'hidden/rt/.ref']);
  const over = makeTree(newPlace(), ['rt/usr/bin/above', 'rt/.ref']);
  const { status, stderr, stdout } = spawnSync('unshare', [
    ...[
      '--mount',
      'sh',
      '-c',
      `cd '${place}/hidden' && mount --bind '${over}' . && exec "$@"`,
      'sh',
    ],
    ...scriptCommand('test/fixtures/remove.ts'),
    'rt',
  ], { encoding: 'utf8', cwd: process.cwd() });
  if (/^(mount|unshare):/.test(stderr)) return console.log(`skipped: ${stderr.split('\n')[0]}`);
  assert.is(status, 0, stderr + stdout);
  assert.equal(treeOf(over), ['rt/', 'rt/.ref', 'rt/usr/', 'rt/usr/bin/', 'rt/usr/bin/above']);
  assert.is(existsSync(join(place, 'hidden/rt')), false, stdout);
});

test('a runtime is removed by any words that lead to it', async () => {
  const before = process.cwd();
  const place = makeTree(newPlace(), []);
  for (const words of ['.', './', '..', '../a', '../../place/a/.']) {
    makeTree(place, ['a/usr/sub/', 'a/.ref']);
    process.chdir(join(place, words === '..' ? 'a/usr' : 'a'));
    try {
      await removeRuntime(words);
    } finally {
      process.chdir(before);
    }
    assert.equal(readdirSync(place), [], words);
  }
  assert.equal(openFds(temp), []);
});

test.run();
