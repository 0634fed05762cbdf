import type { Piscina } from 'piscina';
import { interruptThread, prepareInterrupts } from '../linux/interrupt.ts';
import { BLOCKED, type BlockedCall, ERRNO, GIVEN_UP, LEFT } from '../../workers/slot.ts';
import { QUEUED, SLOT_WORDS, STATE, THREAD } from '../../workers/slot.ts';
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
  readonly #slots: Int32Array<SharedArrayBuffer>;
  readonly #freeSlots: number[];
  /** First word of the slot → descriptor, for each call that has not left yet. */
  readonly #calls = new Map<number, number>();
  readonly #tasks = new Set<Promise<void>>();
  /** First word of the slot → how to fail the call, as long as no thread has taken it up. */
  readonly #starting = new Map<number, (error: Error) => void>();
  #pool: Promise<Piscina> | undefined;
  #poolNow: Piscina | undefined;

  /** `onFree` is called whenever a thread has become free. */
  constructor(maxThreads: number, idleTimeout: number, onFree: () => void) {
    this.#maxThreads = maxThreads;
    this.#idleTimeout = idleTimeout;
    this.#onFree = onFree;
    this.#slots = new Int32Array(new SharedArrayBuffer(maxThreads * SLOT_WORDS * 4));
    this.#freeSlots = Array.from({ length: maxThreads }, (_, index) => index * SLOT_WORDS);
  }

  /** Whether {@linkcode block} may be called. */
  get free(): boolean {
    return this.#freeSlots.length > 0;
  }

  /** How many calls are with a thread. */
  get blocked(): number {
    return this.#calls.size;
  }

  /** How many threads live, busy or idle. */
  get threads(): number {
    return this.#poolNow?.threads.length ?? 0;
  }

  /**
   * Sets the lock on a descriptor from a thread that blocks until it is granted. Gives 0, or
   * `errno`; when `giveUp` came first, either, since the grant may have come all the same.
   */
  async block(fd: number, want: LockRequest, giveUp: GiveUp): Promise<number> {
    const slots = this.#slots;
    const slot = this.#freeSlots.pop()!;
    slots.fill(0, slot, slot + SLOT_WORDS);
    this.#calls.set(slot, fd);
    interruptAtExit.add(this);
    const { mode: lock, start, length } = want;
    const task = this.#hand({ slots, slot, fd, lock, start, length }, want.path);
    giveUp.listen(() => this.#leave(slot));
    try {
      // The slot tells sooner than the pool's message; the pool tells if the thread has failed.
      await Promise.race([this.#hasLeft(slot), task]);
      return Atomics.load(slots, slot + ERRNO);
    } finally {
      this.#calls.delete(slot);
      if (this.#calls.size === 0) interruptAtExit.delete(this);
    }
  }

  /** Makes the threads that wait on this descriptor leave, or all of them; returns when they have. */
  leaveNow(only?: number): void {
    const deadline = performance.now() + LEAVE_LIMIT;
    for (const [slot, fd] of this.#calls) {
      if (only !== undefined && fd !== only) continue;
      const at = slot + STATE;
      this.#cancel(slot);
      while (Atomics.load(this.#slots, at) === BLOCKED && performance.now() < deadline) {
        interruptThread(Atomics.load(this.#slots, slot + THREAD));
        Atomics.wait(this.#slots, at, BLOCKED, SIGNAL_AGAIN);
      }
    }
  }

  /** Ends all threads. Every wait must have been given up before. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#tasks);
    await (await this.#pool)?.destroy();
  }

  /** Has a pool thread make the call, and sees to the slot afterwards. */
  #hand(call: BlockedCall, path: string): Promise<void> {
    const task = this.#run(call).catch((cause) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new LockError(`${cannotLock(path, call.lock)}: no thread to wait in: ${why}`, {
        code: 'ERR_LOCK_UNSUPPORTED',
        path,
        cause,
      });
    }).finally(() => {
      // If the thread died without a word, nobody is in the kernel with this descriptor either.
      Atomics.store(this.#slots, call.slot + STATE, LEFT);
      Atomics.notify(this.#slots, call.slot + STATE);
      this.#tasks.delete(task);
      this.#freeSlots.push(call.slot);
      this.#onFree();
    });
    this.#tasks.add(task);
    return task;
  }

  async #run(call: BlockedCall): Promise<void> {
    prepareInterrupts();
    const pool = this.#poolNow ?? await (this.#pool ??= this.#startPool());
    const { slot } = call;
    if (Atomics.load(this.#slots, slot + STATE) !== QUEUED) return;
    await new Promise<void>((resolve, reject) => {
      this.#starting.set(slot, reject);
      pool.run(call).then(resolve, reject);
    }).finally(() => this.#starting.delete(slot));
  }

  /**
   * A thread could not start, and then piscina keeps its tasks for ever. Those that no other thread
   * has taken up fail; the next wait makes a new pool. Threads that are blocked go on.
   */
  #failStarting(error: Error): void {
    this.#pool = this.#poolNow = undefined;
    for (const [slot, reject] of this.#starting) {
      const at = slot + STATE;
      if (Atomics.compareExchange(this.#slots, at, QUEUED, LEFT) === QUEUED) reject(error);
    }
  }

  async #startPool(): Promise<Piscina> {
    // Loaded with the first wait: most programs never need it.
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
    return this.#poolNow = pool;
  }

  async #hasLeft(slot: number): Promise<void> {
    const at = slot + STATE;
    for (;;) {
      const state = Atomics.load(this.#slots, at);
      if (state === LEFT) return;
      await Atomics.waitAsync(this.#slots, at, state).value;
    }
  }

  #cancel(slot: number): void {
    Atomics.store(this.#slots, slot + GIVEN_UP, 1);
    // A thread that has not begun will find that it need not.
    Atomics.compareExchange(this.#slots, slot + STATE, QUEUED, LEFT);
    Atomics.notify(this.#slots, slot + STATE);
  }

  #leave(slot: number): void {
    this.#cancel(slot);
    const interrupt = (): void => {
      if (Atomics.load(this.#slots, slot + STATE) !== BLOCKED) return;
      interruptThread(Atomics.load(this.#slots, slot + THREAD));
      setTimeout(interrupt, SIGNAL_AGAIN);
    };
    interrupt();
  }
}
