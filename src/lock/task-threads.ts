import { availableParallelism } from 'node:os';
import type { Piscina } from 'piscina';
import { type Answer, OPEN, type Order, type Task } from '../../workers/tree-task.ts';
import { WITHDRAWN } from '../../workers/tree-task.ts';

/** How long a thread without work lives on, in milliseconds. */
const IDLE = 5000;

const worker = import.meta.url.endsWith('.ts') ? 'task.ts' : 'task.js';
const filename = new URL(`../../workers/${worker}`, import.meta.url).href;

/** Threads that are started when there is work for them. */
class TaskThreads {
  readonly #most: number;
  #loading: Promise<Piscina> | undefined;
  /** How to fail the tasks that no thread has taken up yet, and whose they are. */
  readonly #waiting = new Map<Order, { pool: Piscina; fail: (error: Error) => void }>();

  constructor(most: number) {
    this.#most = most;
  }

  async run<T extends Task>(task: T): Promise<Answer<T>> {
    const order: Order = { task, taken: new Int32Array(new SharedArrayBuffer(4)) };
    try {
      const pool = await (this.#loading ??= this.#load());
      return await new Promise<Answer<T>>((resolve, reject) => {
        this.#waiting.set(order, { pool, fail: reject });
        pool.run(order).then(resolve, reject);
      });
    } finally {
      this.#waiting.delete(order);
    }
  }

  async #load(): Promise<Piscina> {
    try {
      const { Piscina } = await import('piscina');
      const pool = new Piscina({
        filename,
        minThreads: 0,
        maxThreads: this.#most,
        idleTimeout: IDLE,
        recordTiming: false,
        execArgv: [],
      });
      pool.on('error', (error: Error) => this.#failWaiting(pool, error));
      return pool;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }

  /**
   * A thread could not start, and then piscina keeps its tasks for ever: the next task tries anew,
   * with a pool of its own, which has no part in what the old one may still report.
   */
  #failWaiting(failed: Piscina, error: Error): void {
    this.#loading = undefined;
    for (const [{ taken }, { pool, fail }] of this.#waiting) {
      if (pool !== failed) continue;
      // The pool may find a thread for it yet.
      if (Atomics.compareExchange(taken, 0, OPEN, WITHDRAWN) === OPEN) fail(error);
    }
  }
}

/** Work that keeps a processor or a disk busy: as many threads as can be of use. */
const trees = new TaskThreads(Math.max(2, Math.min(4, availableParallelism())));
/** Short looks for somebody who waits for an error message; large trees must not hold them up. */
const looks = new TaskThreads(1);

/**
 * Has a pool thread do a task. The threads are the process's, not an engine's.
 *
 * @throws {Error} when no thread can be started.
 */
export function runTask<T extends Task>(task: T): Promise<Answer<T>> {
  return (task.work === 'holders' ? looks : trees).run(task);
}
