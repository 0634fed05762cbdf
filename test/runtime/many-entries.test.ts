import { linkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage } from '../../src/runtime/mod.ts';
import { makeCopies, newPlace } from '../support/trees.ts';

/** Fewer than the names that a file may have on ext4. */
const ENTRIES = 50_000;

test('a directory with any number of foreign entries leaves the event loop alone', async () => {
  const parent = makeCopies(newPlace(), ['tmp-a/usr/bin/']);
  for (let i = 0; i < ENTRIES; i++) linkSync(join(parent, '.ref'), join(parent, `x${i}`));
  let [turns, longest, last] = [0, 0, performance.now()];
  let over = false;
  const look = (): void => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    turns++;
    if (!over) setImmediate(look);
  };
  setImmediate(look);
  const began = performance.now();
  const { deleted, kept } = await collectGarbage(parent);
  over = true;
  const took = performance.now() - began;
  assert.equal(deleted.map(({ name }) => name), ['tmp-a']);
  assert.is(kept.length, ENTRIES);
  // Bounds that hold on a busy machine: the whole of it used to be one turn.
  assert.ok(turns > 20, `${turns} turns in ${took} ms`);
  assert.ok(longest < took / 4, `a turn of ${longest} ms in ${took} ms`);
  for (let i = 0; i < ENTRIES; i++) unlinkSync(join(parent, `x${i}`));
});

test.run();
