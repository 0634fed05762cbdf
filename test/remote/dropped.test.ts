import process from 'node:process';
import { MessageChannel } from 'node:worker_threads';
import { type Endpoint as ComlinkEndpoint, expose } from 'comlink';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine } from '../../src/mod.ts';
import { ClientService } from '../../src/remote/client-service.ts';
import { connectEngine, exposeEngine } from '../../src/remote/mod.ts';
import type { Endpoint, RemoteEngine } from '../../src/remote/mod.ts';
import type { Knock } from '../../src/remote/protocol.ts';
import { eventually } from '../support/eventually.ts';
import { openFds } from '../support/open-fds.ts';
import { isFree } from '../support/reflock.ts';
import { newFile } from '../support/temp.ts';

/** Leaves so much garbage behind that it is collected. */
function litter(): void {
  for (let round = 0; round < 20; round++) new Array(200_000).fill(0).map(() => ({}));
}

/** Warnings come in the order of garbage, and uvu gives each test the same process. */
function warnings(): string[] {
  const heard: string[] = [];
  process.on('warning', ({ message }) => heard.push(message));
  return heard;
}

const heard = warnings();

test('a lock that is dropped is released when it is collected, with a warning that names the file', async () => {
  const { port1, port2 } = new MessageChannel();
  const engine = new LockEngine();
  exposeEngine(engine, port1);
  const remote = connectEngine(port2);
  const [dropped, released, kept] = [newFile(), newFile(), newFile()];
  await drop(remote, dropped);
  (await remote.lock(released)).release();
  const lock = await remote.lock(kept);
  assert.not(isFree(dropped));
  await eventually('it is collected', () => {
    litter();
    return isFree(dropped);
  });
  await eventually('the warning', () => heard.length > 0);
  assert.equal(heard, [`The lock on "${dropped}" was dropped without being released`]);
  assert.equal((await remote.query()).held.map(({ path }) => path), [kept]);
  assert.equal(openFds(dropped), []);
  lock.release();
  port1.close();
});

/** In a function of its own, so that nothing of the lock is left on the stack. */
async function drop(remote: RemoteEngine, path: string): Promise<void> {
  await remote.lock(path);
}

test('of a client that nobody uses any more nothing is left on either side', async () => {
  const engine = new LockEngine();
  let ended = 0;
  // What exposeEngine() does when it hears a knock, but for the count.
  const endpoint: Endpoint = {
    postMessage(knock) {
      const { port } = knock as Knock;
      expose(new ClientService(engine, () => ended++), port as unknown as ComlinkEndpoint);
      port.unref();
    },
  };
  const used = await dropClients(endpoint, newFile());
  await eventually('all are forgotten', async () => {
    litter();
    await new Promise((resolve) => setTimeout(resolve));
    return used.every((client) => client.deref() === undefined) && ended === used.length;
  });
  assert.equal(engine.query(), { held: [], pending: [] });
});

async function dropClients(endpoint: Endpoint, path: string): Promise<WeakRef<RemoteEngine>[]> {
  const clients = Array.from({ length: 5 }, () => connectEngine(endpoint));
  for (const client of clients) (await client.lock(path, { create: true })).release();
  return clients.map((client) => new WeakRef(client));
}

test.run();
