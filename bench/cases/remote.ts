/**
 * A thread that uses the engine of another one, over comlink.
 *
 * The main thread has the engine, and does nothing but answer. A second thread asks for free locks,
 * one after the other, each released before the next is asked for. Beside it the same thread makes two
 * empty calls of bare comlink to the same main thread, which is what a lock and a release would cost
 * there at least; and it asks for a thousand locks at once, and releases each as soon as it has it.
 */

import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { type Endpoint, expose, releaseProxy, type Remote, wrap } from 'comlink';
import { LockEngine } from '../../src/mod.ts';
import { exposeEngine } from '../../src/remote/mod.ts';
import { scriptFile } from '../place.ts';
import type { Case } from './case.ts';
import type { Given, RemoteClient } from './remote-client.ts';

/** Files, and requests at once. */
const MANY = 1000;

/** A free lock of an engine in another thread: alone, and among many. */
export const remoteCase: Case = {
  name: 'remote',
  title: "await lock() and release() of a free lock, by another thread's engine",
  bounds: { 'two calls of comlink': 1.5 },
  floors: { 'reflock, 1,000 at once': 5 },
  rounds: 100,
  contenders: (path) => {
    const client = startClient(dirname(path));
    return [
      {
        name: 'reflock',
        measure: (count) => client.oneByOne(count),
        end: () => client[releaseProxy](),
      },
      { name: 'two calls of comlink', measure: (count) => client.twoCalls(count) },
      { name: 'reflock, 1,000 at once', count: 3, measure: (count) => client.allAtOnce(count) },
    ];
  },
};

/** Starts the thread, which ends when its proxy is released. */
function startClient(directory: string): Remote<RemoteClient> {
  const files = Array.from({ length: MANY }, (_, index) => join(directory, `${index}.ref`));
  for (const file of files) writeFileSync(file, '');
  const orders = new MessageChannel();
  const bare = new MessageChannel();
  expose({ add: (a: number, b: number) => a + b }, bare.port1 as unknown as Endpoint);
  const worker = new Worker(scriptFile('bench/cases/remote-client.ts'), {
    workerData: { files, orders: orders.port2, bare: bare.port2 } satisfies Given,
    transferList: [orders.port2, bare.port2],
  });
  exposeEngine(new LockEngine(), worker);
  return wrap<RemoteClient>(orders.port1 as unknown as Endpoint);
}
