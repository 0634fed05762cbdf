import type { Piscina } from 'piscina';
import { interruptThread, prepareInterrupts } from '../linux/interrupt.ts';
import { BLOCKED, type BlockedCall, ERRNO, GIVEN_UP } from '../../workers/blocked-call.ts';
import { LEFT, newWords, QUEUED, STATE, THREAD } from '../../workers/blocked-call.ts';
import { interruptAtExit } from './exit.ts';
import type { GiveUp } from './give-up.ts';
import { LockError } from './lock-error.ts';
import type { LockRequest } from './lock-options.ts';
import { cannotLock } from './open-file.ts';

/** How long after a signal the next one is sent to a thread that is still in the kernel, in ms. */
const SIGNAL_AGAIN = 1;
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
  readonly #tasks = new Set<Promise<void>>();
  /** How to fail the calls that no thread has taken up yet. */
  readonly #starting = new Map<BlockedCall, (error: Error) => void>();
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

  /**
   * Sets the lock on a descriptor from a thread that blocks until it is granted. Gives 0, or
   * `errno`; when `giveUp` came first, either, since the grant may have come all the same.
   */
  async block(fd: number, want: LockRequest, giveUp: GiveUp): Promise<number> {
    const { path, mode: lock, start, length } = want;
    const call: BlockedCall = { words: newWords(), fd, lock, start, length };
    this.#calls.add(call);
    interruptAtExit.add(this);
    const task = this.#hand(call);
    giveUp.listen(() => leave(call));
    try {
      // The shared memory tells sooner than the pool's message; the pool tells of a failed thread.
      await Promise.race([hasLeft(call), task]);
      return Atomics.load(call.words, ERRNO);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new LockError(`${cannotLock(path, lock)}: no thread to wait in: ${why}`, {
        code: 'ERR_LOCK_UNSUPPORTED',
        path,
        cause,
      });
    } finally {
      this.#calls.delete(call);
      if (this.#calls.size === 0) interruptAtExit.delete(this);
    }
  }

  /** Makes the threads that wait on this descriptor leave, or all of them; returns when they have. */
  leaveNow(only?: number): void {
    const deadline = performance.now() + LEAVE_LIMIT;
    for (const call of this.#calls) {
      if (only !== undefined && call.fd !== only) continue;
      const { words } = call;
      cancel(call);
      while (Atomics.load(words, STATE) === BLOCKED && performance.now() < deadline) {
        interruptThread(Atomics.load(words, THREAD));
        Atomics.wait(words, STATE, BLOCKED, SIGNAL_AGAIN);
      }
    }
  }

  /** Ends all threads. Every wait must have been given up before. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#tasks);
    await (await this.#loading)?.destroy();
  }

  /** Has a pool thread make the call, and sees to what follows. */
  #hand(call: BlockedCall): Promise<void> {
    const task = this.#run(call).finally(() => {
      // If the thread died without a word, nobody is in the kernel with this descriptor either.
      Atomics.store(call.words, STATE, LEFT);
      Atomics.notify(call.words, STATE);
      this.#tasks.delete(task);
      this.#onFree();
    });
    this.#tasks.add(task);
    return task;
  }

  async #run(call: BlockedCall): Promise<void> {
    prepareInterrupts();
    const pool = this.#pool ?? await (this.#loading ??= this.#load());
    if (Atomics.load(call.words, STATE) !== QUEUED) return;
    await new Promise<void>((resolve, reject) => {
      this.#starting.set(call, reject);
      pool.run(call).then(resolve, reject);
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
    for (const [{ words }, reject] of this.#starting) {
      if (Atomics.compareExchange(words, STATE, QUEUED, LEFT) === QUEUED) reject(error);
    }
  }
}

async function hasLeft({ words }: BlockedCall): Promise<void> {
  for (;;) {
    const state = Atomics.load(words, STATE);
    if (state === LEFT) return;
    await Atomics.waitAsync(words, STATE, state).value;
  }
}

function cancel({ words }: BlockedCall): void {
  Atomics.store(words, GIVEN_UP, 1);
  // A thread that has not begun will find that it need not.
  Atomics.compareExchange(words, STATE, QUEUED, LEFT);
  Atomics.notify(words, STATE);
}

function leave(call: BlockedCall): void {
  cancel(call);
  const interrupt = (): void => {
    if (Atomics.load(call.words, STATE) !== BLOCKED) return;
    interruptThread(Atomics.load(call.words, THREAD));
    setTimeout(interrupt, SIGNAL_AGAIN);
  };
  interrupt();
}
