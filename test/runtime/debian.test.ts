// The commands of the README, on a real Debian.

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage, createCopy, removeRuntime } from '../../src/runtime/mod.ts';
import { hasContainers } from '../support/container.ts';
import { debianRootOrSkip } from '../support/debian-root.ts';
import { eventually } from '../support/eventually.ts';
import { isLocked } from '../support/holding.ts';
import { start } from '../support/process.ts';
import { root, scriptCommand } from '../support/runtime.ts';
import { newPlace } from '../support/trees.ts';

const debian = debianRootOrSkip();
const testOnDebian = debian !== undefined && hasContainers ? test : test.skip;

/** The four commands, as the README has them. */
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const block = readme.match(/## The command line\n\n```sh\n(.*?)```/s)![1]!;
const commands = block.split('\n').filter((line) =>
  line.startsWith('reflock') || /^COPY/.test(line)
);

/** A root filesystem of this test's own, which may be locked and removed. */
function ownDebian(): string {
  const path = newPlace('debian');
  execFileSync('cp', ['-al', debian!, path]);
  return path;
}

testOnDebian(
  'the four commands of the README use, copy, keep and collect a real Debian',
  async () => {
    assert.is(commands.length, 4);
    const bin = newPlace('bin');
    mkdirSync(bin);
    const own = scriptCommand('src/cli/main.ts').map((word) => `'${word}'`).join(' ');
    writeFileSync(join(bin, 'reflock'), `#!/bin/sh\nexec ${own} "$@"\n`);
    chmodSync(join(bin, 'reflock'), 0o755);
    const env = {
      ...process.env,
      PATH: `${bin}:${process.env.PATH}`,
      DEBIAN: ownDebian(),
      COPIES: newPlace('copies'),
    };
    const sh = (script: string) => execFileSync('sh', ['-ec', script], { env, encoding: 'utf8' });
    const [use, copy, useCopy, gc] = commands as [string, string, string, string];
    assert.match(sh(use), /Debian GNU\/Linux/);
    const path = sh(`${copy}\necho "$COPY"`).trim();
    assert.ok(existsSync(join(path, 'usr/bin/dpkg')));
    assert.is(
      statSync(join(path, 'usr/bin/dpkg')).ino,
      statSync(join(env.DEBIAN, 'usr/bin/dpkg')).ino,
      'hard links',
    );

    // The same program, until its stdin ends and not for a minute.
    const program = useCopy.replace(/sleep 60 &$/, "sh -c 'echo changed > /etc/hostname; cat'");
    const inside = start(['sh', '-ec', program], { env: { ...env, COPY: path } });
    await eventually('the program in the copy', () => {
      return isLocked(join(path, '.ref')) && existsSync(join(path, 'etc/hostname'));
    });
    assert.match(
      sh(gc),
      /^kept ".*\/tmp-\w+": in use: held by pid \d+ \(\w+.*\).*\n0 entries deleted, 1/,
    );
    assert.ok(existsSync(join(path, 'usr/bin/dpkg')));
    inside.child.stdin!.end();
    assert.is((await inside.ended).code, 0, inside.stderr());
    assert.match(sh(gc), /^deleted ".*\/tmp-\w+" .*\n1 entry deleted, 0 kept: .* freed$/m);
    assert.is(existsSync(path), false);
    assert.match(sh(use), /Debian GNU\/Linux/, 'and the runtime is as it was');
  },
);

testOnDebian('a copy of a real Debian is complete, and so is its removal', async () => {
  const source = ownDebian();
  const copy = await createCopy(source, newPlace());
  // Of the .ref the copy has its own.
  const differs = (line: string): boolean => line !== '' && !line.includes('.ref');
  const left = diff(source, copy.path).split('\n').filter(differs);
  const devices = copy.skipped.map(({ path }) => path);
  assert.ok(
    left.every((line) => devices.some((path) => line.endsWith(`: ${path.split('/').pop()}`))),
  );
  assert.is(left.length, devices.length, left.join('\n'));
  copy.lock.release();
  const parent = join(copy.path, '..');
  const { deleted, kept } = await collectGarbage(parent);
  assert.equal([deleted.length, kept.length], [1, 0]);
  assert.is((await removeRuntime(source)).remains, undefined);
  assert.is(existsSync(source), false);
  assert.ok(
    existsSync(join(debian!, 'usr/bin/dpkg')),
    'what its hard links lead to is still there',
  );
});

function diff(one: string, other: string): string {
  return spawnSync('diff', ['-r', '--no-dereference', one, other], { encoding: 'utf8' }).stdout;
}

test('the commands of the README are those of this test', () => {
  assert.equal(commands.map((line) => line.match(/reflock (\w+)/)![1]), [
    'use',
    'copy',
    'use',
    'gc',
  ]);
});

test.run();
