import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lock, spawnLocked, tryLock } from '../support/subject.ts';
import { testOfd } from '../support/kind.ts';
import { within } from '../support/eventually.ts';
import { mustBlock } from '../support/must-block.ts';
import { start, wrap } from '../support/process.ts';
import { newFile } from '../support/temp.ts';

const available = spawnSync('bwrap', ['--ro-bind', '/', '/', 'true']).status === 0;
if (!available) console.log('skipped: bwrap is not installed or cannot make containers here');
const testWithBwrap = available ? test : test.skip;
const shared = { mode: 'shared' } as const;

/** A container that holds `--lock-file` until its stdin ends. */
const container = (path: string) => [
  'bwrap',
  ...['--bind', '/', '/', '--unshare-pid', '--lock-file', path],
  ...['sh', '-c', 'echo inside; cat'],
];

testWithBwrap('bwrap --lock-file keeps exclusive out and lets shared in', async () => {
  const path = newFile();
  const inside = start(container(path));
  assert.is(await inside.line(), 'inside', inside.stderr());
  assert.is(await tryLock(path), undefined);
  (await tryLock(path, shared))!.release();
  const waiting = lock(path);
  await mustBlock(path);
  inside.child.stdin!.end();
  (await within(5000, 'the grant after the container', waiting)).release();
  await inside.ended;
});

testWithBwrap('an exclusive lock makes bwrap --lock-file fail, a shared one does not', async () => {
  const path = newFile();
  const exclusive = (await tryLock(path))!;
  const refused = start(container(path));
  const { code } = await refused.ended;
  assert.not(code === 0);
  assert.match(refused.stderr(), /lock/i);
  exclusive.downgrade();
  const inside = start(container(path));
  assert.is(await inside.line(), 'inside', inside.stderr());
  inside.child.stdin!.end();
  assert.is((await inside.ended).code, 0);
  exclusive.release();
});

(available ? testOfd : test.skip)(
  'a lock that a container inherited lasts as long as the container',
  async () => {
    const path = newFile();
    const held = (await tryLock(path, shared))!;
    const [command, ...args] = container(newFile());
    const inside = wrap(spawnLocked(held, command!, args));
    assert.is(await inside.line(), 'inside', inside.stderr());
    held.release();
    assert.is(await tryLock(path), undefined);
    inside.child.stdin!.end();
    await inside.ended;
    (await tryLock(path))!.release();
  },
);

test.run();
