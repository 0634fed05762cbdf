import { Worker } from 'node:worker_threads';
import type { LockEngine } from '../../src/mod.ts';
import { exposeEngine } from '../../src/remote/mod.ts';
import { holdElsewhere } from './elsewhere.ts';
import { Random } from './random.ts';
import { newFile } from './temp.ts';

/** What a thread of `fixtures/storm-client.ts` is given. */
export interface StormClientData {
  readonly files: readonly string[];
  /** What each client says that it holds, file by file. */
  readonly claims: Int32Array;
  /** Which clients have been terminated: what they say does not count any more. */
  readonly gone: Int32Array;
  /** Which of the clients it is. */
  readonly self: number;
  readonly waits: number;
  readonly seed: number;
}

/** What has become of its waits. */
export interface StormResult {
  granted: number;
  aborted: number;
  timedOut: number;
  /** How often two held what does not go together. */
  overlaps: number;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const program = new URL(`../fixtures/storm-client.${extension}`, import.meta.url);

/** How many threads, and what of. */
export interface ClientStorm {
  readonly clients: number;
  /** How many more are terminated in the midst of it. */
  readonly victims: number;
  readonly waits: number;
  readonly files: number;
  readonly seed: number;
}

/** Lets loose clients on an engine; gives what became of the waits of those that nobody has terminated. */
export async function clientStorm(
  engine: LockEngine,
  { clients, victims, waits, files: count, seed }: ClientStorm,
): Promise<{ files: readonly string[]; results: readonly StormResult[] }> {
  const random = new Random(seed);
  const files = Array.from({ length: count }, newFile);
  const all = clients + victims;
  const claims = new Int32Array(new SharedArrayBuffer(4 * all * count));
  const gone = new Int32Array(new SharedArrayBuffer(4 * all));
  // Of some files only the kernel knows who has them at first.
  const held = files.filter(() => random.next() < 0.05).map((file) => holdElsewhere(file));
  const begin = (
    self: number,
  ): { worker: Worker; begins: Promise<void>; result: Promise<StormResult> } => {
    const workerData: StormClientData = { files, claims, gone, self, waits, seed: seed + self };
    const worker = new Worker(program, { workerData });
    exposeEngine(engine, worker);
    let begun: () => void;
    const begins = new Promise<void>((resolve) => begun = resolve);
    const result = new Promise<StormResult>((resolve, reject) => {
      worker.on('message', (message) => {
        if (message === 'begins') begun();
        else if (typeof message === 'object' && 'granted' in message) resolve(message);
      });
      worker.on('error', reject);
    });
    return { worker, begins, result };
  };
  const results = Array.from({ length: clients }, (_, self) => begin(self).result);
  for (let self = clients; self < all; self++) {
    const { worker, begins } = begin(self);
    await begins;
    await new Promise((resolve) => setTimeout(resolve, random.next() * 300));
    Atomics.store(gone, self, 1);
    await worker.terminate();
  }
  for (const lock of held) lock.release();
  return { files, results: await Promise.all(results) };
}
