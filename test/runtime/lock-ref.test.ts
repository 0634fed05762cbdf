import { mkdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { collectGarbage } from '../../src/runtime/mod.ts';
import { rejection } from '../support/rejection.ts';
import { newPath } from '../support/temp.ts';

test('who waits for the .ref of an open directory is told its whole path', async () => {
  const parent = newPath();
  mkdirSync(parent);
  const held = tryLock(`${parent}/.ref`, { create: true })!;
  const told: unknown[] = [];
  const error = await rejection(collectGarbage(parent, {
    whenBusy: 'wait',
    timeout: 10,
    onWait: ({ path, mode }) => told.push({ path, mode }),
  }));
  assert.equal(told, [{ path: `${parent}/.ref`, mode: 'exclusive' }]);
  assert.is(error.message, `Cannot lock "${parent}/.ref" for writing: still busy after 10 ms`);
  assert.is(error.path, `${parent}/.ref`);
  held.release();
});

test.run();
