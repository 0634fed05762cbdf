import { readdirSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { adoptLock, LockEngine, tryLock } from '../../src/mod.ts';
import { exposeEngine } from '../../src/remote/mod.ts';
import { ClientThread } from '../support/client.ts';
import { eventually, within } from '../support/eventually.ts';
import { isFree } from '../support/reflock.ts';
import { runtime } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';

const ends = ['is terminated', 'exits', 'crashes', 'has nothing more to do'] as const;

async function end(client: ClientThread, how: typeof ends[number]): Promise<void> {
  if (how === 'is terminated') await client.worker.terminate();
  if (how === 'exits') client.tell('exit');
  if (how === 'crashes') client.tell('throw');
  if (how === 'has nothing more to do') client.tell('end');
  await within(5000, 'the end of the thread', client.ended);
}

for (const how of ends) {
  test(`the locks of a client that ${how} are free within a second`, async () => {
    const engine = new LockEngine();
    const client = new ClientThread();
    exposeEngine(engine, client.worker);
    const [path, busy] = [newFile(), newFile()];
    await client.take(path);
    const holder = tryLock(busy)!;
    if (how !== 'has nothing more to do') {
      client.tell('wait', busy);
      await client.says(`waits ${busy}`);
      assert.is(engine.query().pending.length, 1);
    }
    const next = engine.lock(path);
    const began = performance.now();
    await end(client, how);
    await within(1000 - (performance.now() - began), 'the next in line', next);
    assert.ok(!isFree(path), 'the next in line has it');
    (await next).release();
    await eventually('its wait is given up', () => engine.query().pending.length === 0, 1000);
    holder.release();
    assert.ok(isFree(busy), 'and nothing turns up later');
    assert.equal(engine.query(), { held: [], pending: [] });
    assert.is(engine.stats().giveUps, how === 'has nothing more to do' ? 0 : 1);
    await engine.close();
  });
}

test('what a client has detached outlives it', async () => {
  const engine = new LockEngine();
  const client = new ClientThread();
  exposeEngine(engine, client.worker);
  const [kept, lost] = [newFile(), newFile()];
  for (const path of [lost, kept]) await client.take(path);
  client.tell('detach', kept);
  const fd = Number((await client.says(/^detached/)).split(' ')[1]);
  await client.worker.terminate();
  await eventually('the other one is free', () => isFree(lost), 1000);
  assert.ok(!isFree(kept));
  const lock = adoptLock(fd, { mode: 'exclusive' });
  assert.is(lock.path, kept);
  lock.release();
  assert.ok(isFree(kept));
  await engine.close();
});

const COMPUTES =
  'the locks of a client that is terminated while it computes are free, and so is its thread';
if (runtime === 'deno') {
  console.log(`skipped: ${COMPUTES}: Deno says so and lets it compute on`);
  test.skip(COMPUTES);
} else {
  test(COMPUTES, async () => {
    const engine = new LockEngine();
    const client = new ClientThread();
    exposeEngine(engine, client.worker);
    const path = newFile();
    await client.take(path);
    const before = threads();
    client.tell('compute');
    await client.says('computes');
    await client.worker.terminate();
    await eventually('the lock is free', () => isFree(path), 1000);
    assert.ok(threads() < before);
    await engine.close();
  });
}

function threads(): number {
  return readdirSync('/proc/self/task').length;
}

test.run();
