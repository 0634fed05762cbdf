import { MessageChannel, Worker } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine, tryLock } from '../../src/mod.ts';
import { connectEngine, exposeEngine } from '../../src/remote/mod.ts';
import { ClientThread } from '../support/client.ts';
import { eventually, within } from '../support/eventually.ts';
import { startLocker } from '../support/locker.ts';
import { isFree } from '../support/reflock.ts';
import { runtime } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const fixture = (name: string) => new URL(`../fixtures/${name}.${extension}`, import.meta.url);

test('a worker uses the engine of its parent, over what serves other messages too', async () => {
  const engine = new LockEngine();
  const client = new ClientThread();
  exposeEngine(engine, client.worker);
  const path = newFile();
  await client.take(path);
  assert.is(engine.query().held[0]!.path, path);
  await client.worker.terminate();
  await engine.close();
});

test("lockAll() in a thread does not end the process's locks by looking at the files", async () => {
  const engine = new LockEngine();
  const client = new ClientThread();
  exposeEngine(engine, client.worker);
  const path = newFile();
  const held = engine.tryLock(path, { kind: 'process', mode: 'shared' })!;
  client.tell('take all', path);
  // It has been looked at, and not been locked anew.
  await client.says('ERR_LOCK_TIMEOUT');
  const locker = await startLocker('posix', path);
  assert.is(await locker.try('exclusive'), 'busy', 'it is held in the kernel too');
  await locker.end();
  held.release();
  await client.worker.terminate();
  await engine.close();
});

test('what is no endpoint is refused, such as parentPort in the main thread', () => {
  const refusal = (wrong: () => unknown, message: RegExp) =>
    assert.throws(
      wrong,
      (error: NodeJS.ErrnoException) =>
        error instanceof TypeError && error.code === 'ERR_INVALID_ARG_VALUE' &&
        message.test(error.message),
    );
  const engine = new LockEngine();
  for (const wrong of [null, undefined, 3, {}] as never[]) {
    const not = /: it must be a Worker, a worker's parentPort or a MessagePort, not (null|un|3|{})/;
    refusal(() => connectEngine(wrong), not);
    refusal(() => exposeEngine(engine, wrong), not);
    const { port1, port2 } = new MessageChannel();
    refusal(() => exposeEngine(wrong, port1), /: it must be a LockEngine, not (null|un|3|{})/);
    for (const port of [port1, port2]) port.close();
  }
});

test('a port may be handed on to a third thread', async () => {
  const engine = new LockEngine();
  const { port1, port2 } = new MessageChannel();
  exposeEngine(engine, port1);
  // What was posted before somebody listens there waits in the port.
  const client = new ClientThread(port2);
  const path = newFile();
  await client.take(path);
  assert.is(engine.query().held.length, 1);
  await client.worker.terminate();
  await eventually('the lock is free', () => isFree(path), 1000);
  port1.close();
  await engine.close();
});

test('a thread may use the engine of its worker, which need not listen yet', async () => {
  const worker = new Worker(fixture('engine-thread'));
  const engine = connectEngine(worker);
  const path = newFile();
  const waiting = engine.lock(path);
  const early = await engine.lock(path, { timeout: 150 }).catch((error) => error.code);
  assert.is(early, 'ERR_LOCK_TIMEOUT', 'a wait ends though nobody has heard of it');
  assert.ok(isFree(path));
  worker.postMessage('expose');
  const lock = await within(5000, 'the lock', waiting);
  assert.ok(!isFree(path));
  lock.release();
  assert.ok(isFree(path), 'at once');
  await worker.terminate();
});

test('both ends of an endpoint may be in one thread, and several clients on one endpoint', async () => {
  const engine = new LockEngine();
  const { port1, port2 } = new MessageChannel();
  exposeEngine(engine, port1);
  const clients = [connectEngine(port2), connectEngine(port2)] as const;
  const path = newFile();
  const held = await clients[0].lock(path);
  const next = clients[1].lock(path);
  assert.is((await clients[1].query()).pending.length, 1);
  held.release();
  (await within(1000, 'the next', next)).release();
  assert.equal(await clients[1].query(), { held: [], pending: [] });
  port1.close();
  await engine.close();
});

const WEB =
  'a web worker uses the engine of its parent, and its locks are free within a second of its end';
if (runtime === 'node') {
  console.log(`skipped: ${WEB}: Node has none`);
  test.skip(WEB);
} else {
  test(WEB, async () => {
    const WebWorker = Reflect.get(globalThis, 'Worker');
    const worker = new WebWorker(fixture('web-client'), { type: 'module' });
    const engine = new LockEngine();
    exposeEngine(engine, worker);
    const path = newFile();
    const holder = tryLock(path)!;
    const took = new Promise<void>((resolve) => {
      worker.addEventListener('message', ({ data }: { data: unknown }) => {
        if (data === 'took') resolve();
      });
    });
    worker.postMessage(path);
    await eventually('it waits', () => engine.query().pending.length === 1);
    holder.release();
    await within(5000, 'the lock', took);
    assert.ok(!isFree(path));
    worker.terminate();
    await eventually('the lock is free', () => isFree(path), 1000);
    assert.equal(engine.query().held, []);
    await engine.close();
  });
}

test.run();
