import { chmodSync, chownSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createCopy } from '../../src/runtime/mod.ts';
import { listOf, setList } from '../support/extended.ts';
import { copyBy, mountNew, runWithOwnMounts, testMounting } from '../support/own-mounts.ts';
import { makeTree, treeOf } from '../support/trees.ts';

runWithOwnMounts('test/runtime/copy-access-lists.test.ts');

/** What the directory of copies would have all that is made in it give away. */
const INHERITED = ['-d', '-m', 'u::rwx,u:1234:rwx,g::rwx,g:4321:rwx,m::rwx,o::rwx'];

async function copyOf(source: string, parent: string): Promise<string> {
  const { path, lock } = await createCopy(source, parent);
  lock.release();
  return path;
}

function modeOf(path: string): string {
  return (lstatSync(path).mode & 0o7777).toString(8).padStart(4, '0');
}

/** A tree as that of a merged `/usr`, or with that in `usr/`. */
function sampleTree(layout: string, filesystem: string): string {
  const below = layout === 'usr' ? '' : 'usr/';
  const source = makeTree(join(filesystem, 'source'), [
    ...[`${below}bin/tool`, `${below}bin/link -> tool`, `${below}lib/`, `${below}private/secret`],
    ...(layout === 'usr' ? [] : ['bin/of-bin', 'lib/own/deep/file', 'etc/group/x']),
  ]);
  chmodSync(join(source, below, 'bin/tool'), 0o750);
  chmodSync(join(source, below, 'private'), 0o750);
  chmodSync(join(source, below, 'private/secret'), 0o640);
  return source;
}

for (const layout of ['usr', 'root']) {
  for (const where of ['the same', 'another']) {
    testMounting(
      `a copy of a ${layout} on ${where} filesystem gets no list of the directory of copies`,
      async () => {
        const filesystem = mountNew('tmpfs');
        const source = sampleTree(layout, filesystem);
        const parent = join(where === 'the same' ? filesystem : mountNew('tmpfs'), 'copies');
        mkdirSync(parent);
        setList(parent, ...INHERITED);
        const copy = await copyOf(source, parent);
        const own = layout === 'usr' ? join(copy, 'usr') : copy;
        for (const name of treeOf(copy).filter((name) => !name.includes(' -> '))) {
          assert.not.match(listOf(join(copy, name)), /1234|4321|mask|default/, name);
        }
        assert.is(listOf(copy), 'user::rwx group::r-x other::r-x');
        assert.is(listOf(join(copy, 'usr')), 'user::rwx group::r-x other::r-x');
        assert.is(listOf(join(copy, 'usr/.ref')), 'user::rw- group::r-- other::r--');
        const below = layout === 'usr' ? '' : 'usr/';
        assert.is(modeOf(join(own, below, 'bin/tool')), '0750');
        assert.is(modeOf(join(own, below, 'private')), '0750');
        assert.is(modeOf(join(own, below, 'private/secret')), '0640');
      },
    );
  }
}

testMounting('the lists of the original are kept, its own and those it hands down', async () => {
  const filesystem = mountNew('tmpfs');
  const source = sampleTree('usr', filesystem);
  setList(join(source, 'private'), '-m', 'u:1234:rwx,g:4321:--x,d:u:1234:rwx,d:g:4321:r-x');
  setList(join(source, 'private/secret'), '-m', 'u:1234:rw,m::r');
  const parent = join(mountNew('tmpfs'), 'copies');
  mkdirSync(parent);
  setList(parent, ...INHERITED);
  const copy = await copyOf(source, parent);
  for (const name of ['', 'bin', 'bin/tool', 'private', 'private/secret']) {
    assert.is(listOf(join(copy, 'usr', name)), listOf(join(source, name)), name);
  }
  assert.match(listOf(join(copy, 'usr/private')), /^user::rwx user:1234:rwx .*default:user:1234/);
});

testMounting(
  'where two directories become one, the list of the one is not the other’s',
  async () => {
    const source = makeTree(join(mountNew('tmpfs'), 'source'), [
      ...['lib/both/of-lib', 'usr/lib/both/of-usr', 'usr/lib/both/below/x', 'usr/bin/'],
    ]);
    setList(join(source, 'lib/both'), '-m', 'u:1234:rwx,d:u:1234:rwx');
    const copy = await copyOf(source, join(mountNew('tmpfs'), 'copies'));
    for (const name of ['', '/of-lib', '/of-usr', '/below', '/below/x']) {
      assert.not.match(listOf(join(copy, 'usr/lib/both') + name), /1234|mask|default/, name);
    }
  },
);

/** Lists, with the mode that a file had before, and the one its copy has where it has no list. */
const lost: readonly { mode: number; list: string; without: string; why: string }[] = [
  { mode: 0o600, list: 'u:1234:rwx', without: '0600', why: 'the group had nothing' },
  { mode: 0o640, list: 'u:1234:rwx', without: '0640', why: 'the group could read' },
  { mode: 0o4750, list: 'g:4321:rwx', without: '4750', why: 'the group could read and run' },
  { mode: 0o770, list: 'u:1234:rwx,m::r', without: '0740', why: 'the mask was for the group too' },
  { mode: 0o755, list: 'u:1234:---', without: '0700', why: 'a user was shut out' },
  { mode: 0o755, list: 'g:4321:r', without: '0754', why: 'a group could only read' },
];

testMounting('where lists cannot be kept, nobody has more rights than by the list', async () => {
  const filesystem = mountNew('tmpfs');
  const source = makeTree(join(filesystem, 'source'), ['bin/', 'lib/']);
  for (const [index, { mode, list }] of lost.entries()) {
    makeTree(source, [`file${index}`, `directory${index}/x`]);
    for (const name of [`file${index}`, `directory${index}`]) {
      chmodSync(join(source, name), mode & 0o777);
      setList(join(source, name), '-m', `${list},${mode & 0o7 ? '' : 'o::-'}`.replace(/,$/, ''));
      chmodSync(join(source, name), (statSync(join(source, name)).mode & 0o777) | (mode & 0o7000));
    }
  }
  setList(join(source, 'bin'), '-m', 'd:u:1234:rwx');
  const copy = await copyOf(source, join(mountNew('ramfs'), 'copies'));
  for (const [index, { without, why }] of lost.entries()) {
    assert.is(modeOf(join(copy, `usr/file${index}`)), without, why);
    assert.is(modeOf(join(copy, `usr/directory${index}`)), without, why);
  }
  assert.is(modeOf(join(copy, 'usr/bin')), '0755');
});

testMounting('an entry for somebody whom a user namespace does not know is such a list', () => {
  const source = makeTree(join(mountNew('tmpfs'), 'source'), ['bin/tool', 'lib/']);
  chmodSync(join(source, 'bin/tool'), 0o750);
  setList(join(source, 'bin/tool'), '-m', 'u:1234:rwx');
  const copies = mountNew('tmpfs');
  const copy = copyBy(['unshare', '--user', '--map-root-user'], source, copies);
  assert.is(listOf(join(copy, 'usr/bin/tool')), 'user::rwx group::r-x other::---');
});

testMounting('nor does somebody else’s list stay with the group of the copier', () => {
  const source = makeTree(join(mountNew('tmpfs'), 'source'), [
    'bin/tool',
    'bin/open',
    'lib/',
    '.ref',
  ]);
  chmodSync(join(source, '.ref'), 0o666);
  for (const name of ['tool', 'open']) chownSync(join(source, 'bin', name), 1234, 4321);
  chmodSync(join(source, 'bin/open'), 0o674);
  chmodSync(join(source, 'bin/tool'), 0o774);
  setList(join(source, 'bin/tool'), '-m', 'u:1235:rwx');
  const copies = mountNew('tmpfs');
  chownSync(copies, 2001, 2001);
  const copy = copyBy([], source, copies, '2001');
  assert.is(listOf(join(copy, 'usr/bin/tool')), 'user::rwx group::r-- other::r--');
  assert.is(listOf(join(copy, 'usr/bin/open')), 'user::rw- group::r-- other::r--');
  assert.is(statSync(join(copy, 'usr/bin/tool')).uid, 2001);
});

test.run();
