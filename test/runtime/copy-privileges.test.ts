import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { runTask } from '../../src/lock/task-threads.ts';
import { createCopy } from '../../src/runtime/mod.ts';
import { newTreeWords } from '../../workers/tree-task.ts';
import { openPlace } from '../support/open-place.ts';
import { attributeOf, BIND_SERVICE, setAttribute } from '../support/extended.ts';
import {
  copyBy,
  mountAgain,
  mountNew,
  runWithOwnMounts,
  testMounting,
} from '../support/own-mounts.ts';
import { start } from '../support/process.ts';
import { scriptCommand } from '../support/runtime.ts';
import { makeTree, newPlace } from '../support/trees.ts';

runWithOwnMounts('test/runtime/copy-privileges.test.ts');

const CAPABILITY = 'security.capability';
/** Capabilities of version 3, for user namespaces whose root is 100000 outside. */
const CONTAINED = `${BIND_SERVICE.replace('02', '03')}a0860100`;

/** A tree with a program of each kind that has powers of its own, and a directory with its group. */
function programs(filesystem: string): string {
  const source = makeTree(join(filesystem, 'source'), [
    ...['bin/set-uid', 'bin/set-gid', 'bin/able', 'bin/plain', 'lib/handed-down/', '.ref'],
  ]);
  for (const name of ['bin/set-uid', 'bin/set-gid', 'lib/handed-down']) {
    chownSync(join(source, name), 1234, 4321);
  }
  chmodSync(join(source, 'bin/set-uid'), 0o4755);
  chmodSync(join(source, 'bin/set-gid'), 0o3755);
  chmodSync(join(source, 'bin/able'), 0o755);
  setAttribute(join(source, 'bin/able'), CAPABILITY, BIND_SERVICE);
  setAttribute(join(source, 'bin/able'), 'user.reflock', '0x6b657074');
  chmodSync(join(source, 'lib/handed-down'), 0o2775);
  chmodSync(join(source, '.ref'), 0o666);
  return source;
}

/** Owner, group, mode and capabilities. */
function powersOf(copy: string, name: string): string {
  const { uid, gid, mode } = lstatSync(join(copy, name));
  const capability = attributeOf(join(copy, name), CAPABILITY);
  return `${uid}:${gid} ${(mode & 0o7777).toString(8)}${capability ? ` ${capability}` : ''}`;
}

function assertPowers(copy: string, kept: 'kept' | 'dropped'): void {
  const usr = join(copy, 'usr');
  assert.is(powersOf(usr, 'bin/set-uid'), kept === 'kept' ? '1234:4321 4755' : '1234:4321 755');
  assert.is(powersOf(usr, 'bin/set-gid'), kept === 'kept' ? '1234:4321 3755' : '1234:4321 1755');
  assert.is(powersOf(usr, 'bin/able'), kept === 'kept' ? `0:0 755 ${BIND_SERVICE}` : '0:0 755');
  assert.is(attributeOf(join(usr, 'bin/able'), 'user.reflock'), '0x6b657074');
  assert.is(powersOf(usr, 'lib/handed-down'), '1234:4321 2775', 'no power of a program');
}

async function copyOf(source: string, parent: string): Promise<string> {
  const { path, lock } = await createCopy(source, parent);
  lock.release();
  return path;
}

testMounting('a copy from a nosuid mount has neither set-id bits nor capabilities', async () => {
  assertPowers(await copyOf(programs(mountNew('tmpfs', 'nosuid')), mountNew('tmpfs')), 'dropped');
});

testMounting('nor has one from such a mount of its own filesystem', async () => {
  const filesystem = mountNew('tmpfs');
  const source = join(mountAgain(filesystem, 'nosuid'), 'source');
  programs(filesystem);
  assertPowers(await copyOf(source, join(filesystem, 'copies')), 'dropped');
});

testMounting('a copy from any other mount has what the original has', async () => {
  const source = programs(mountNew('tmpfs', 'noexec,nodev'));
  assertPowers(await copyOf(source, mountNew('tmpfs')), 'kept');
});

testMounting('a copy within a nosuid mount is as powerless as the original', async () => {
  const filesystem = mountNew('tmpfs', 'nosuid');
  const source = programs(filesystem);
  const copy = await copyOf(source, join(filesystem, 'copies'));
  for (const name of ['bin/set-uid', 'bin/able']) {
    assert.is(lstatSync(join(copy, 'usr', name)).ino, lstatSync(join(source, name)).ino);
  }
});

testMounting('a copy out of another mount namespace has none of its powers', async () => {
  const filesystem = mountNew('tmpfs');
  programs(filesystem);
  const elsewhere = newPlace();
  mkdirSync(elsewhere);
  // Another mount of the same filesystem, which only that process has.
  const script = 'mount --bind "$0" "$1" && echo mounted && read end';
  const other = start(['unshare', '--mount', 'sh', '-c', script, filesystem, elsewhere]);
  assert.is(await other.line(), 'mounted', other.stderr());
  try {
    const source = openPlace(`/proc/${other.child.pid}/root${elsewhere}/source`);
    const target = openPlace(makeTree(join(mountNew('tmpfs'), 'copy'), ['usr/.ref']));
    const words = newTreeWords();
    const [from, to] = [source.fd, target.fd];
    const task = { work: 'copy', words, source: from, target: to, layout: 'usr' } as const;
    assert.is((await runTask(task)).failed, undefined);
    assertPowers(target.path, 'dropped');
    source.close();
    target.close();
  } finally {
    other.send('');
    await other.ended;
  }
});

testMounting('after a chroot into a mount that is not listed, powers are kept', () => {
  const jail = mountNew('tmpfs');
  const inner = join(jail, 'inner');
  mkdirSync(inner);
  for (const entry of readdirSync('/', { withFileTypes: true })) {
    const [from, to] = [join('/', entry.name), join(inner, entry.name)];
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
    if (!entry.isDirectory()) continue;
    mkdirSync(to);
    execFileSync('mount', ['--rbind', from, to]);
  }
  mkdirSync(join(inner, 'here'));
  programs(join(inner, 'here'));
  const copies = mountNew('tmpfs');
  mkdirSync(join(inner, 'there'));
  execFileSync('mount', ['--bind', copies, join(inner, 'there')]);
  const copy = copyBy(['chroot', inner], '/here/source', '/there');
  assertPowers(join(inner, copy), 'kept');
});

testMounting('a copy of somebody else’s has no powers, and their group where that may be', () => {
  const source = programs(mountNew('tmpfs'));
  const copies = mountNew('tmpfs');
  chownSync(copies, 2001, 2001);
  // Root may give capabilities, but here it may not give files away.
  const command = ['setpriv', '--bounding-set', '-chown'];
  const copy = join(copyBy([...command, '--groups', '4321'], source, mountNew('tmpfs')), 'usr');
  assert.is(powersOf(copy, 'bin/set-uid'), '0:4321 755');
  assert.is(powersOf(copy, 'bin/set-gid'), '0:4321 1755');
  assert.is(powersOf(copy, 'lib/handed-down'), '0:4321 775');
  const other = join(copyBy(['setpriv', '--clear-groups'], source, copies, '2001'), 'usr');
  assert.is(powersOf(other, 'bin/set-uid'), '2001:2001 755');
  assert.is(powersOf(other, 'bin/able'), '2001:2001 755');
});

for (const filesystem of ['the same', 'another']) {
  testMounting(
    `a directory of copies that hands down its group does so to no copy on ${filesystem} filesystem`,
    async () => {
      const from = mountNew('tmpfs');
      const source = makeTree(join(from, 'source'), [
        ...['usr/bin/tool', 'usr/bin/link -> tool', 'usr/lib/', 'lib/deep/file', 'etc/x'],
      ]);
      chmodSync(join(source, 'etc'), 0o2755);
      const parent = join(filesystem === 'the same' ? from : mountNew('tmpfs'), 'copies');
      mkdirSync(parent);
      chownSync(parent, 0, 4321);
      chmodSync(parent, 0o2775);
      const copy = await copyOf(source, parent);
      const names = ['', 'usr', 'usr/bin', 'usr/bin/tool', 'usr/bin/link', 'etc', 'etc/x'];
      for (const name of names) assert.is(powersOf(copy, name), powersOf(source, name), name);
      assert.is(powersOf(copy, 'usr/lib/deep'), powersOf(source, 'lib/deep'));
    },
  );
}

testMounting('capabilities that a user namespace cannot see are no failure there', () => {
  const source = programs(mountNew('tmpfs'));
  setAttribute(join(source, 'bin/able'), CAPABILITY, CONTAINED);
  const copy = copyBy(['unshare', '--user', '--map-root-user'], source, mountNew('tmpfs'));
  assert.is(powersOf(join(copy, 'usr'), 'bin/able'), '0:0 755');
});

testMounting(
  'a program of an owner whom a user namespace does not know is not nobody’s',
  async () => {
    const source = programs(mountNew('tmpfs'));
    const copies = mountNew('tmpfs');
    // The rights of its root would be lost here: nobody is root yet when the shell starts.
    const script = 'echo made && read mapped && exec "$@"';
    const copier = start([
      ...['unshare', '--user', '--keep-caps', 'sh', '-c', script, 'sh'],
      ...[...scriptCommand('test/fixtures/copy.ts'), source, copies],
    ]);
    assert.is(await copier.line(), 'made', copier.stderr());
    // It has an id for the one that the kernel gives in place of such owners.
    for (const map of ['uid_map', 'gid_map']) {
      writeFileSync(`/proc/${copier.child.pid}/${map}`, '0 0 1\n65534 65534 1\n');
    }
    copier.send('go');
    const copy = join((await copier.line())!, 'usr');
    assert.is(powersOf(copy, 'bin/set-uid'), '65534:65534 755');
    assert.is(powersOf(copy, 'bin/set-gid'), '65534:65534 1755');
    await copier.ended;
  },
);

test.run();
