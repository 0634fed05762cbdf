import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { query, tryLock } from '../../src/mod.ts';
import { createCopy, removeRuntime } from '../../src/runtime/mod.ts';
import { eventually, within } from '../support/eventually.ts';
import { openFds } from '../support/open-fds.ts';
import { testTerminated, workers } from '../support/pool-workers.ts';
import { rejection } from '../support/rejection.ts';
import { temp } from '../support/temp.ts';
import { makeTree, newPlace } from '../support/trees.ts';

const source = makeTree(newPlace(), Array.from({ length: 800 }, (_, i) => `usr/d${i}/f`));

/** Ends every thread that there is, also one that has just come to be. */
function terminateAll(): Promise<unknown> {
  return Promise.all(workers.map((worker) => worker.terminate()));
}

/** A thread that ends in the very call that opens a descriptor can tell nobody of that one. */
function assertClosed(before: number): void {
  const left = openFds(temp);
  assert.ok(left.length - before <= 2, `two threads have left open ${left}`);
}

testTerminated('a copy whose threads are terminated fails and leaves nothing behind', async () => {
  const parent = newPlace();
  const before = openFds(temp).length;
  const copying = rejection(createCopy(source, parent));
  await eventually('a part of the copy', () => {
    const partial = existsSync(parent) && readdirSync(parent).find((name) => /^tmp-/.test(name));
    return Boolean(partial) && existsSync(join(parent, partial as string, 'usr/d3'));
  });
  const terminated = terminateAll();
  const error = await within(10_000, 'the end', copying);
  await terminated;
  assert.is(error.code, 'ERR_LOCK_UNSUPPORTED', error.message);
  assert.match(error.message, /^Cannot copy ".+": no thread to work in: /);
  assert.equal(readdirSync(parent), ['.ref']);
  tryLock(join(parent, '.ref'))!.release();
  tryLock(join(source, '.ref'))!.release();
  assert.equal(query(), { held: [], pending: [] });
  assertClosed(before);
  (await createCopy(source, parent)).lock.release();
});

testTerminated(
  'a removal whose threads are terminated fails, and the next one removes what is left',
  async () => {
    const parent = newPlace();
    const before = openFds(temp).length;
    const { path, lock } = await createCopy(source, parent);
    lock.release();
    const entries = readdirSync(join(path, 'usr')).length;
    const removing = rejection(removeRuntime(path));
    const partial = (): string | undefined => {
      return readdirSync(parent).find((name) => name.startsWith('tmp-partial-'));
    };
    await eventually('a part is gone', () => {
      const name = partial();
      return name !== undefined && readdirSync(join(parent, name, 'usr')).length < entries;
    });
    const terminated = terminateAll();
    const error = await within(10_000, 'the end', removing);
    await terminated;
    assert.is(error.code, 'ERR_LOCK_UNSUPPORTED', error.message);
    assert.equal(query(), { held: [], pending: [] });
    assertClosed(before);
    const left = partial();
    // A second thread that has come late may have done it all.
    if (left !== undefined) await removeRuntime(join(parent, left));
    assert.is(partial(), undefined);
  },
);

test.run();
