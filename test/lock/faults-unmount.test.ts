import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LockEngine } from '../../src/mod.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { within } from '../support/eventually.ts';
import { mustBlock } from '../support/must-block.ts';
import { rejection } from '../support/rejection.ts';
import { runtime } from '../support/runtime.ts';
import { newFile, newPath } from '../support/temp.ts';
import { testEngine } from '../support/test-engine.ts';
import { assertTyped, thrown } from '../support/typed-error.ts';

const VARIABLE = 'REFLOCK_TEST_MAY_MOUNT';
const mayMount = process.env[VARIABLE] !== undefined || runAnew();

/** Runs this file where it may mount, in a namespace that ends with it; `false` where that is not to be had. */
function runAnew(): boolean {
  const namespace = ['--user', '--map-root-user', '--mount'];
  const place = newPath();
  mkdirSync(place);
  const probe = [...namespace, 'mount', '-t', 'tmpfs', 'tmpfs', place];
  const { error, status, stderr } = spawnSync('unshare', probe, { encoding: 'utf8' });
  if (status !== 0) {
    const why = error?.message ?? stderr.trim().split('\n')[0];
    console.log(`skipped: filesystems that are unmounted need namespaces: ${why}`);
    return false;
  }
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const command = [process.execPath, ...flags, fileURLToPath(import.meta.url)];
  const done = spawnSync('unshare', [...namespace, ...command], {
    stdio: 'inherit',
    env: { ...process.env, [VARIABLE]: '1' },
  });
  process.exit(done.status ?? 1);
}

/** A filesystem that is there until it is unmounted, with one file. */
interface Mounted {
  readonly place: string;
  readonly path: string;
  unmount(how?: 'lazily'): string;
}

function testMounted(
  name: string,
  body: (engine: LockEngine, mounted: Mounted) => void | Promise<void>,
): void {
  if (!mayMount) return test.skip(name);
  testEngine(name, async (engine) => {
    const place = newPath();
    mkdirSync(place);
    assert.is(run('mount', '-t', 'tmpfs', 'tmpfs', place), '');
    const path = join(place, 'a.ref');
    writeFileSync(path, '');
    const unmount = (how?: 'lazily'): string =>
      how === undefined ? run('umount', place) : run('umount', '--lazy', place);
    await body(engine, { place, path, unmount });
    assert.is(existsSync(path), false);
  });
}

function run(command: string, ...args: string[]): string {
  return spawnSync(command, args, { encoding: 'utf8' }).stderr;
}

testMounted('a filesystem cannot be unmounted under a lock, and after it at once', (engine, it) => {
  const lock = engine.tryLock(it.path)!;
  assert.match(it.unmount(), /busy/);
  lock.release();
  assert.is(it.unmount(), '');
});

testMounted('nor under a wait, and at once when that has been given up', async (engine, it) => {
  const held = holdElsewhere(it.path);
  const abort = new AbortController();
  const waiting = rejection(engine.lock(it.path, { signal: abort.signal }));
  await mustBlock(it.path);
  abort.abort('enough');
  assert.is(await waiting, 'enough' as never);
  assert.match(it.unmount(), /busy/, 'the holder is there yet');
  held.release();
  assert.is(it.unmount(), '');
});

testMounted('a lock whose filesystem is gone is a lock until its release', async (engine, it) => {
  const lock = engine.tryLock(it.path, { mode: 'shared' })!;
  assert.is(it.unmount('lazily'), '');
  assertTyped(thrown(() => engine.tryLock(it.path)), 'ENOENT', 'open', it.path);
  assertTyped(await rejection(engine.lock(it.path)), 'ENOENT', 'open', it.path);
  assert.is(lock.tryUpgrade(), true);
  lock.downgrade();
  lock.release();
});

/** Where a wait is when its filesystem goes, and whose lock it waits for. */
const places: readonly { where: string; engine?: 'its own'; crowd?: number }[] = [
  { where: 'in a thread' },
  { where: 'parked', crowd: 2 },
  { where: 'in line', engine: 'its own' },
];

for (const { where, engine: whose, crowd = 0 } of places) {
  testMounted(
    `a wait ${where} whose filesystem goes ends with the lock before it`,
    async (engine, it) => {
      // So many have all threads.
      const files = Array.from({ length: crowd }, newFile);
      const others = files.map((file) => holdElsewhere(file));
      const before = files.map((file) => engine.lock(file));
      for (const file of files) await mustBlock(file);

      const held = whose === undefined ? holdElsewhere(it.path) : engine.tryLock(it.path)!;
      const plain = rejection(engine.lock(it.path));
      const creating = engine.lock(it.path, { create: true });
      if (where === 'in a thread') await mustBlock(it.path);
      assert.is(engine.stats().parked, where === 'parked' ? 1 : 0);
      assert.is(it.unmount('lazily'), '');
      held.release();
      assert.is((await within(5000, 'the end', plain)).code, 'ERR_LOCK_REPLACED');
      const lock = await within(5000, 'the grant', creating);
      assert.is(existsSync(it.path), true, 'where the filesystem was');
      assert.is(holdElsewhere(it.path), undefined);
      lock.release();
      run('rm', it.path);

      for (const other of others) other.release();
      for (const wait of before) (await wait).release();
    },
  );
}

test.run();
