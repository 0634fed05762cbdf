import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine } from '../support/subject.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { mustBlock } from '../support/must-block.ts';
import { root } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';

// How little the event loop is delayed is a figure, and `npm run bench` measures it. That it goes
// on at all is behaviour: one wait in the main thread, or five in the pool of `node:fs`, stop it.
test('eight blocked waits stop neither timers nor node:fs', async () => {
  const engine = new LockEngine({ maxThreads: 8 });
  const files = Array.from({ length: 8 }, newFile);
  const held = files.map((file) => holdElsewhere(file));
  const waits = files.map((file) => engine.lock(file));
  for (const file of files) await mustBlock(file);
  for (let round = 0; round < 20; round++) {
    const reads = files.map(() => readFile(`${root}/LICENSE`));
    const timer = new Promise((resolve) => setTimeout(resolve, 1));
    for (const text of await Promise.all(reads)) assert.ok(text.length > 0);
    await timer;
  }
  for (const file of files) await mustBlock(file);
  for (const lock of held) lock.release();
  for (const lock of await Promise.all(waits)) lock.release();
  await engine.close();
});

test.run();
