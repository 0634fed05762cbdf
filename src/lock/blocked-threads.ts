import type { Piscina } from 'piscina';
import { prepareInterrupts } from '../linux/interrupt.ts';
import {
  type BlockedCall,
  type BlockedTask,
  LEFT,
  QUEUED,
  STATE,
  THREAD,
} from '../../workers/blocked-call.ts';
import { interruptAtExit } from './exit.ts';
import type { KernelWait } from './kernel-wait.ts';
import { LockError } from './lock-error.ts';
import type { LockRequest } from './lock-options.ts';
import { cannotLock } from './open-file.ts';
import { bury, dismiss, leave, leaveBefore, newCall, onLeft } from './owned-call.ts';

/** How long a caller that cannot await may be held up by a thread that does not leave, in ms. */
const LEAVE_LIMIT = 1000;

const worker = import.meta.url.endsWith('.ts') ? 'blocked-lock.ts' : 'blocked-lock.js';
const filename = new URL(`../../workers/${worker}`, import.meta.url).href;

/**
 * Threads that sit in a blocking lock call, one call a thread. None is started before the first
 * call, and each ends after `idleTimeout` milliseconds without one.
 *
 * While a thread is in the kernel its descriptor must stay open, so a wait is never over before
 * the thread has left; a give-up makes it leave by signal.
 */
export class BlockedThreads {
  readonly #maxThreads: number;
  readonly #idleTimeout: number;
  readonly #onFree: () => void;
  /** Calls that have not left yet. */
  readonly #calls = new Set<BlockedCall>();
  /** Calls that a thread may still have to do with, were it only to report that it has left. */
  readonly #tasks = new Map<BlockedCall, Promise<void>>();
  /** How to end the calls that no thread has taken up yet, with an error or as given up. */
  readonly #starting = new Map<BlockedCall, (error?: Error) => void>();
  #loading: Promise<Piscina> | undefined;
  #pool: Piscina | undefined;

  /** `onFree` is called whenever a thread has become free. */
  constructor(maxThreads: number, idleTimeout: number, onFree: () => void) {
    this.#maxThreads = maxThreads;
    this.#idleTimeout = idleTimeout;
    this.#onFree = onFree;
  }

  /** Whether {@linkcode block} may be called. */
  get free(): boolean {
    return this.#tasks.size < this.#maxThreads;
  }

  /** How many calls are with a thread. */
  get blocked(): number {
    return this.#calls.size;
  }

  /** How many threads live, busy or idle. */
  get threads(): number {
    return this.#pool?.threads.length ?? 0;
  }

  /** Waits in a thread that blocks until the lock is granted. */
  block(wait: KernelWait): void {
    const call = newCall(wait);
    this.#calls.add(call);
    interruptAtExit.add(this);
    this.#hand(call, wait);
    wait.giveUp.listen(() => leave(call));
    // The shared memory tells sooner than the pool's message; the pool tells of a failed thread.
    onLeft(call, (errno, atPath) => {
      if (!this.#end(call)) return;
      wait.left(errno, atPath);
      // There may be waits for which it was the last thread.
      if (!this.free) dismiss(call);
    });
  }

  /** Makes the threads that wait on this descriptor leave, or all of them; returns when they have. */
  leaveNow(only?: number): void {
    const deadline = performance.now() + LEAVE_LIMIT;
    for (const call of this.#calls) {
      if (only === undefined || call.fd === only) leaveBefore(deadline, call);
    }
  }

  /** Ends all threads. Every wait must have been given up before. */
  async close(): Promise<void> {
    await Promise.all(this.#tasks.values());
    // If it could not be loaded, the waits have said so.
    await (await this.#loading?.catch(() => undefined))?.destroy();
  }

  /** Notes that a call is over; `false` when it was already. */
  #end(call: BlockedCall): boolean {
    const first = this.#calls.delete(call);
    if (this.#calls.size === 0) interruptAtExit.delete(this);
    return first;
  }

  /** Has a pool thread make the call, and sees to what follows. */
  #hand(call: BlockedCall, { want, failed }: KernelWait): void {
    const task = this.#run(call).catch((cause) => {
      if (this.#end(call)) failed(noThread(want, cause));
    }).finally(() => {
      bury(call);
      this.#tasks.delete(call);
      this.#onFree();
    });
    this.#tasks.set(call, task);
  }

  async #run(call: BlockedCall): Promise<void> {
    const task: BlockedTask = { ...call, signal: prepareInterrupts() };
    const pool = this.#pool ?? await (this.#loading ??= this.#load().catch((error) => {
      this.#loading = undefined;
      throw error;
    }));
    if (Atomics.load(call.words, STATE) !== QUEUED) return;
    // A thread that has left its call is sooner back than another one has started.
    const leaving = [...this.#tasks].filter(([other]) => !this.#calls.has(other));
    for (const [other] of leaving) dismiss(other);
    if (leaving.length > 0) await Promise.race(leaving.map(([, task]) => task));
    await new Promise<void>((resolve, reject) => {
      this.#starting.set(call, (error) => error === undefined ? resolve() : reject(error));
      pool.run(task).then(resolve, reject);
    }).finally(() => this.#starting.delete(call));
  }

  async #load(): Promise<Piscina> {
    // With the first wait, for most programs never need it.
    const { Piscina } = await import('piscina');
    const pool = new Piscina({
      filename,
      minThreads: 0,
      maxThreads: this.#maxThreads,
      idleTimeout: this.#idleTimeout,
      recordTiming: false,
      // The program's own flags (--import, --inspect, …) are not meant for these threads.
      execArgv: [],
    });
    pool.on('error', (error: Error) => this.#failStarting(error));
    return this.#pool = pool;
  }

  /**
   * A thread could not start, and then piscina keeps its tasks for ever. Those that no other
   * thread has taken up fail; the next wait makes a new pool. Threads that are blocked go on.
   */
  #failStarting(error: Error): void {
    this.#pool = this.#loading = undefined;
    for (const [{ words }, end] of this.#starting) {
      if (Atomics.compareExchange(words, STATE, QUEUED, LEFT) === QUEUED) end(error);
      // Given up before a thread had it: the thread's id is the first thing that one leaves.
      else if (Atomics.load(words, THREAD) === 0) end();
    }
  }
}

function noThread(want: LockRequest, cause: unknown): LockError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LockError(`${cannotLock(want)}: no thread to wait in: ${why}`, {
    code: 'ERR_LOCK_UNSUPPORTED',
    path: want.path,
    cause,
  });
}
