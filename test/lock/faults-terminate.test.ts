import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine } from '../../src/mod.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { eventually, within } from '../support/eventually.ts';
import { type Locker, startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { testTerminated, workers } from '../support/pool-workers.ts';
import { start } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { runtime } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';
import { assertLeft, assertWorks, ownState, testEngine } from '../support/test-engine.ts';

function testTerminatedIn(name: string, body: (engine: LockEngine) => Promise<void>): void {
  if (runtime === 'bun') testTerminated(name, () => Promise.resolve());
  else testEngine(name, body);
}

/** Has another program lock the file. */
async function holdOutside(path: string): Promise<Locker> {
  const locker = await startLocker('ofd', path);
  await locker.try('exclusive');
  return locker;
}

/** Ends the holder from outside, and soon: on Bun nothing may run here while a thread is terminated. */
function endSoon(locker: Locker): Promise<unknown> {
  return start(['sh', '-c', `sleep 0.2; kill ${locker.program.child.pid}`]).ended;
}

/** The thread that was started last, which is the one that waits. */
function terminateLast(): Promise<number> {
  return workers.at(-1)!.terminate();
}

testTerminatedIn('a wait whose thread is terminated in the kernel is granted', async (engine) => {
  const path = newFile();
  const locker = await holdOutside(path);
  const waiting = engine.lock(path);
  await mustBlock(path);
  const ending = endSoon(locker);
  const terminated = terminateLast();
  const granted = await within(5000, 'the grant', waiting);
  await within(5000, 'the thread', terminated);
  await ending;
  assert.is(holdElsewhere(path), undefined);
  granted.release();
  holdElsewhere(path).release();
  await assertWorks(engine, 'in a thread');
});

for (const when of ['at once', 'later'] as const) {
  const name = `an abort ${when} after its thread was terminated leaves nobody in the kernel`;
  testTerminatedIn(name, async (engine) => {
    const path = newFile();
    const locker = await holdOutside(path);
    const abort = new AbortController();
    const waiting = rejection(engine.lock(path, { signal: abort.signal }));
    await mustBlock(path);
    const terminated = terminateLast();
    // Deno tells of the thread's end while it still sits in the kernel.
    if (when === 'later') await new Promise((resolve) => setTimeout(resolve, 50));
    abort.abort('enough');
    assert.is(await within(5000, 'the end', waiting), 'enough' as never);
    await mustBlock(path, 0);
    await within(5000, 'the thread', terminated);
    await locker.end();
    holdElsewhere(path).release();
  });
}

testTerminatedIn('an idle thread that is terminated is no loss', async (engine) => {
  for (let round = 0; round < 3; round++) {
    const path = newFile();
    const held = holdElsewhere(path);
    const waiting = engine.lock(path);
    await mustBlock(path);
    held.release();
    (await within(5000, 'the grant', waiting)).release();
    await within(5000, 'the thread', terminateLast());
  }
});

// From before it has begun its program until it sits in the kernel.
for (const delay of [0, 1, 3, 10, 30]) {
  testTerminated(
    `a wait whose thread is terminated ${delay} ms after its start is granted`,
    async () => {
      const before = await ownState();
      const engine = new LockEngine({ maxThreads: 2 });
      const path = newFile();
      const held = holdElsewhere(path);
      const known = workers.length;
      const waiting = engine.lock(path);
      await eventually('a thread', () => workers.length > known);
      await new Promise((resolve) => setTimeout(resolve, delay));
      const terminated = terminateLast();
      held.release();
      (await within(5000, 'the grant', waiting)).release();
      await within(5000, 'the thread', terminated);
      await engine.close();
      await assertLeft(before);
      holdElsewhere(path).release();
    },
  );
}

testTerminatedIn(
  'parked waits go on when the thread of their watch is terminated',
  async (engine) => {
    const files = Array.from({ length: 4 }, newFile);
    const held = files.map((file) => holdElsewhere(file));
    const waits = files.map((file) => engine.lock(file));
    await Promise.all(files.slice(0, 2).map((file) => mustBlock(file)));
    await eventually('the watch', () => engine.stats().threads === 3);
    // Those that block are terminated as well; which one is which, nobody knows from outside.
    const known = workers.slice(-3).map((worker) => worker.terminate());
    for (const lock of held) lock.release();
    for (const wait of waits) (await within(5000, 'the grant', wait)).release();
    await Promise.all(known);
  },
);

test.run();
