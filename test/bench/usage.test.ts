import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { monotonic } from '../../bench/clock.ts';
import { observe } from '../../bench/usage.ts';

/** Keeps this thread busy, in milliseconds. */
function compute(time: number): void {
  for (const end = monotonic() + BigInt(time * 1e6); monotonic() < end;);
}

test('observe() sees the processor at work, and timers that come late', async () => {
  const { processor, loopDelay } = await observe(async () => {
    for (let i = 0; i < 5; i++) {
      compute(40);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  });
  assert.ok(processor > 10, `${processor} %`);
  assert.ok(loopDelay! > 30e6, `${loopDelay} ns`);
});

test('observe() tells no delay of what is done within one turn', async () => {
  const { loopDelay } = await observe(() => Promise.resolve(compute(5)));
  assert.is(loopDelay, undefined);
});

test('observe() sees the memory and the threads that were added', async () => {
  let whole: Uint8Array | undefined;
  let worker: Worker | undefined;
  const { memory, threads } = await observe(async () => {
    whole = new Uint8Array(64e6).fill(1);
    worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
    await once(worker, 'online');
  });
  await worker!.terminate();
  assert.is(whole!.at(-1), 1);
  assert.ok(memory > 50e6, `${memory} bytes`);
  assert.ok(threads >= 1, `${threads} threads`);
});

test.run();
