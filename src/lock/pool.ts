import type { Piscina, TaskQueue } from 'piscina';

/** Which threads a {@linkcode Pool} has. */
export interface PoolOptions {
  /** The program of the threads, without its ending, beside the source of this project's workers. */
  readonly worker: string;
  /** The most threads at a time. */
  readonly maxThreads: number;
  /** Milliseconds after which a thread without work ends. */
  readonly idleTimeout: number;
}

/** A task that no thread may have begun. */
interface Waiting {
  readonly pool: Piscina;
  readonly withdraw: () => boolean;
  readonly fail: (error: Error) => void;
}

/**
 * What keeps the program alive as long as a thread has a task. piscina shows it by a symbol that it
 * keeps to itself; without it the program would wait for the thread, and be none the worse otherwise.
 */
function portOf(worker: object): { unref(): void } | undefined {
  return Object.getOwnPropertySymbols(worker)
    .map((symbol) => Reflect.get(worker, symbol))
    .find((info) => typeof info?.unref === 'function');
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';

/** Threads that are started when there is work for them; the first work loads piscina. */
export class Pool {
  readonly #options: PoolOptions;
  readonly #workers = new Set<{ readonly id: number }>();
  readonly #waiting = new Set<Waiting>();
  readonly #running = new Set<Promise<unknown>>();
  #loading: Promise<Piscina> | undefined;
  #current: Piscina | undefined;
  /** With those that went before it, of which some threads have begun something. */
  readonly #pools = new Map<Piscina, TaskQueue>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** How many threads live, busy or idle. */
  get threads(): number {
    let count = 0;
    for (const { threads } of this.#pools.keys()) count += threads.length;
    return count;
  }

  /** Makes ready to start threads, which the first time takes a while. */
  load(): Promise<Piscina> {
    return this.#loading ??= this.#load();
  }

  /**
   * Has a thread do a task. `withdraw` is asked when a thread could not be started: it sees to it
   * that no thread begins the task any more, or gives `false` if one has.
   *
   * @throws {Error} when there is no thread to do it, or when the task has thrown.
   */
  async run<T>(task: unknown, withdraw: () => boolean): Promise<T> {
    const pool = await this.load();
    let waiting: Waiting;
    const running = new Promise<T>((resolve, reject) => {
      waiting = { pool, withdraw, fail: reject };
      this.#waiting.add(waiting);
      const fail = (error: unknown): void => {
        // It may be in the queue for all that, and have a thread yet.
        withdraw();
        reject(error);
      };
      try {
        pool.run(task).then(resolve, fail);
      } catch (error) {
        fail(error);
      }
    }).finally(() => {
      this.#waiting.delete(waiting);
      this.#running.delete(running);
    });
    this.#running.add(running);
    return await running;
  }

  /** Has a thread keep the program alive no longer, as long as it does what it does. */
  unref(threadId: number): void {
    for (const worker of this.#workers) if (worker.id === threadId) portOf(worker)?.unref();
  }

  /** Ends all threads as soon as no task is left. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    // If it could not be loaded, the tasks have said so.
    await this.#loading?.catch(() => undefined);
    await Promise.all(Array.from(this.#pools, ([pool, queue]) => {
      // All that is left there has failed before, some of it where nobody could catch it again.
      while (queue.size > 0) queue.shift();
      return pool.destroy();
    }));
  }

  async #load(): Promise<Piscina> {
    try {
      const { worker, maxThreads, idleTimeout } = this.#options;
      const { Piscina } = await import('piscina');
      const taskQueue = new Piscina.FixedQueue();
      const pool = new Piscina({
        filename: new URL(`../../workers/${worker}.${extension}`, import.meta.url).href,
        minThreads: 0,
        maxThreads,
        idleTimeout,
        recordTiming: false,
        taskQueue,
        // Deno cannot end a thread that sits in `Atomics.wait`, nor could Bun (oven-sh/bun#29173).
        atomics: 'disabled',
        // The program's own flags (--import, --inspect, …) are not meant for these threads.
        execArgv: [],
      });
      pool.on('error', (error: Error) => this.#failWaiting(pool, error));
      // The tasks that it had will have failed by then.
      pool.on('workerCreate', (worker) => this.#workers.add(worker));
      pool.on('workerDestroy', (worker) => {
        this.#workers.delete(worker);
        setImmediate(() => this.#threadEnded(pool));
      });
      this.#current = pool;
      this.#pools.set(pool, taskQueue);
      return pool;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }

  /** A thread that ends before it has begun anything is not replaced, and its task waits for ever. */
  #threadEnded(pool: Piscina): void {
    const threads = pool.threads.length;
    let tasks = 0;
    for (const waiting of this.#waiting) if (waiting.pool === pool) tasks++;
    if (tasks > threads && threads < this.#options.maxThreads) {
      this.#failWaiting(pool, new Error('it has ended before it began'));
    }
    if (threads === 0 && tasks === 0 && pool !== this.#current) this.#pools.delete(pool);
  }

  /**
   * A thread could not start, and then piscina keeps its tasks for ever. The next task makes a new
   * pool, which has no part in what this one may still report; threads that have begun go on.
   */
  #failWaiting(failed: Piscina, error: Error): void {
    if (this.#current === failed) this.#current = this.#loading = undefined;
    for (const { pool, withdraw, fail } of this.#waiting) {
      if (pool === failed && withdraw()) fail(error);
    }
  }
}
