// A thread that uses an engine of the main thread, and measures that. The clock and the loops are
// here, so that no time is counted but what the engine, or comlink, takes.

import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type Endpoint, expose, finalizer, releaseProxy, wrap } from 'comlink';
import { connectEngine } from '../../src/remote/mod.ts';
import { time } from '../measure.ts';

/** What the thread is started with. */
export interface Given {
  readonly files: readonly string[];
  /** Here a {@linkcode RemoteClient} is exposed. */
  readonly orders: MessagePort;
  /** Here the main thread exposes something by bare comlink. */
  readonly bare: MessagePort;
}

/** Each gives one sample, the nanoseconds for one lock. */
export interface RemoteClient {
  /** Takes so many locks, each after the release of the one before. */
  oneByOne(count: number): Promise<number[]>;
  /** Makes the calls that so many locks would need of bare comlink. */
  twoCalls(count: number): Promise<number[]>;
  /** Asks for locks on all files at once, so many times. */
  allAtOnce(count: number): Promise<number[]>;
}

const { files, orders, bare } = workerData as Given;
const engine = connectEngine(parentPort!);
const calls = wrap<{ add(a: number, b: number): number }>(bare as unknown as Endpoint);
let next = 0;

const client: RemoteClient & { [finalizer](): void } = {
  oneByOne: (count) =>
    time(count, async (count) => {
      for (let i = 0; i < count; i++) {
        (await engine.lock(files[next]!)).release();
        next = (next + 1) % files.length;
      }
      await allReleased();
    }),
  twoCalls: (count) =>
    time(count, async (count) => {
      for (let i = 0; i < count; i++) {
        await calls.add(1, 2);
        await calls.add(1, 2);
      }
    }),
  allAtOnce: (count) =>
    time(count * files.length, async () => {
      for (let i = 0; i < count; i++) {
        await Promise.all(files.map(async (file) => (await engine.lock(file)).release()));
        await allReleased();
      }
    }),
  [finalizer]: () => calls[releaseProxy](),
};
expose(client, orders as unknown as Endpoint);

/** Waits for the engine's own work on the last releases, which the next to be measured would pay for. */
async function allReleased(): Promise<void> {
  const { held } = await engine.stats();
  if (held > 0) throw new Error(`${held} locks were not released`);
}
