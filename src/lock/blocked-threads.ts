import { EINTR } from '../linux/errno.ts';
import { prepareInterrupts } from '../linux/interrupt.ts';
import { type BlockedCall, type BlockedTask, QUEUED } from '../../workers/blocked-call.ts';
import { STATE, WORKER } from '../../workers/blocked-call.ts';
import { type Description, isBusy } from './description.ts';
import { interruptAtExit } from './exit.ts';
import type { KernelWait } from './kernel-wait.ts';
import { LockError } from './lock-error.ts';
import type { LockRequest } from './lock-options.ts';
import { cannotLock } from './open-file.ts';
import {
  bury,
  dismiss,
  driveOut,
  isBlocked,
  leave,
  leaveBefore,
  newCall,
  onLeft,
  outcome,
  withdraw,
} from './owned-call.ts';
import { Pool } from './pool.ts';

/** How long a caller that cannot await may be held up by a thread that does not leave, in ms. */
const LEAVE_LIMIT = 1000;
/** How long no thread is asked for after one could not be started, in milliseconds. */
const START_AGAIN = 1000;

/** Who has threads wait. */
export interface ThreadsOwner {
  /** A thread has become free. */
  onFree(): void;
  /** A wait has been handed back, as it was; also when there was no thread for it. */
  onBack(wait: KernelWait): void;
}

/**
 * Threads that sit in a blocking lock call, one call a thread. None is started before the first
 * call, and each ends after `idleTimeout` milliseconds without one.
 *
 * While a thread is in the kernel its descriptor must stay open. A give-up makes it leave by signal,
 * and the wait is over when it has left; or after some seconds, for a thread that no signal reaches.
 * Such a thread counts as one of `maxThreads`, and keeps neither {@linkcode BlockedThreads.close} nor
 * the program waiting.
 */
export class BlockedThreads {
  readonly #maxThreads: number;
  readonly #pool: Pool;
  /** When threads may be started again, after one could not be. */
  #startAgain = 0;
  readonly #owner: ThreadsOwner;
  /** Calls that have not left yet. */
  readonly #calls = new Map<BlockedCall, KernelWait>();
  /** Those of them whose waits shall be somewhere else. */
  readonly #handedBack = new WeakSet<BlockedCall>();
  /** Calls that have not left, and whose waits are over all the same. */
  readonly #stuck = new Map<BlockedCall, KernelWait>();
  /** Calls whose threads have not left when they were asked to. */
  readonly #deaf = new WeakSet<BlockedCall>();
  /** Calls that a thread may still have to do with, were it only to report that it has left. */
  readonly #tasks = new Map<BlockedCall, Promise<void>>();
  /** What ends the wait for each of them. */
  readonly #over = new Map<BlockedCall, () => void>();

  constructor(maxThreads: number, idleTimeout: number, owner: ThreadsOwner) {
    this.#maxThreads = maxThreads;
    this.#pool = new Pool({ worker: 'blocked-lock', maxThreads, idleTimeout });
    this.#owner = owner;
  }

  /** Whether {@linkcode block} may be called. */
  get free(): boolean {
    return this.#tasks.size < this.#maxThreads && performance.now() >= this.#startAgain;
  }

  /** How many calls are with a thread. */
  get blocked(): number {
    return this.#calls.size;
  }

  /** How many threads live, busy or idle. */
  get threads(): number {
    return this.#pool.threads;
  }

  /** Waits in a thread that blocks until the lock is granted. */
  block(wait: KernelWait): void {
    const call = newCall(wait);
    this.#calls.set(call, wait);
    wait.description.block(wait, {
      get isBlocked() {
        return isBlocked(call);
      },
      recall: () => this.#handBackNow(call, wait),
    });
    interruptAtExit.add(this);
    this.#hand(call, wait);
    // The shared memory tells sooner than the pool's message; the pool tells of a failed thread.
    onLeft(call, () => this.#left(call, wait));
  }

  /** Makes the thread leave that waits for what has been given up. */
  giveUp(wait: KernelWait): void {
    for (const [call, other] of this.#calls) if (other === wait) this.#leave(call, wait);
  }

  /** Hands back all waits, as soon as their threads have left the kernel. */
  handBack(): void {
    for (const [call, wait] of this.#calls) this.#handBack(call, wait);
  }

  /**
   * Makes the threads that wait for more of this leave, or all of them; returns when they have, or
   * after a second. Tells whether they have.
   */
  leaveNow(only?: Description): boolean {
    const deadline = performance.now() + LEAVE_LIMIT;
    for (const [call, { description }] of this.#calls) {
      if (only === undefined || description === only) leaveBefore(deadline, call);
    }
    return ![...this.#calls.keys(), ...this.#stuck.keys()].some(isBlocked);
  }

  /** Ends all threads, but those that are stuck when they are back. Every wait must have been given up before. */
  async close(): Promise<void> {
    await Promise.all(this.#tasks.values());
    const closed = this.#pool.close();
    if (this.#stuck.size === 0) return await closed;
    // Its last thread is yet to come back, and then nobody is left to hear of a failure.
    closed.catch(() => {});
  }

  #handBack(call: BlockedCall, wait: KernelWait): void {
    this.#handedBack.add(call);
    this.#leave(call, wait);
  }

  /** The same for a caller that cannot await; tells whether the thread has left the kernel. */
  #handBackNow(call: BlockedCall, wait: KernelWait): boolean {
    // Whoever asks for the lock again and again is not to be held up each time.
    if (this.#deaf.has(call)) return !isBlocked(call);
    this.#handBack(call, wait);
    leaveBefore(performance.now() + LEAVE_LIMIT, call);
    if (!isBlocked(call)) return true;
    this.#deaf.add(call);
    return false;
  }

  #leave(call: BlockedCall, wait: KernelWait): void {
    // What has never begun is over now: on Deno nothing else would keep the program for the news.
    if (leave(call, () => this.#giveUpThread(call, wait))) this.#left(call, wait);
  }

  /** Ends a wait that has been given up, although its thread is still in the kernel. */
  #giveUpThread(call: BlockedCall, wait: KernelWait): void {
    this.#deaf.add(call);
    // One that was only handed back may yet be granted the lock.
    if (wait.giveUp.given === undefined || !this.#calls.delete(call)) return;
    this.#stuck.set(call, wait);
    this.#pool.unref(call.words[WORKER]!);
    this.#over.get(call)?.();
    wait.left(EINTR, false);
  }

  /** A thread is back whose wait was over before. */
  #back(call: BlockedCall, wait: KernelWait): void {
    this.#stuck.delete(call);
    const { errno } = outcome(call);
    wait.late?.(errno);
    wait.description.unblock(wait, errno);
    this.#rest();
  }

  #left(call: BlockedCall, wait: KernelWait): void {
    if (this.#stuck.has(call)) return this.#back(call, wait);
    if (!this.#end(call)) return;
    const { errno: told, atPath } = outcome(call);
    // A process-associated lock may have been lost since, and was set once more then.
    const errno = wait.description.unblock(wait, told);
    const handedBack = this.#handedBack.delete(call) && errno === EINTR;
    // Of a process-associated lock somebody else in the process has the bytes now.
    const again = told === 0 && isBusy(errno);
    if ((handedBack || again) && wait.giveUp.given === undefined) this.#owner.onBack(wait);
    else wait.left(errno, atPath && wait.description.kind === 'ofd');
    // There may be waits for which it was the last thread.
    if (!this.free) dismiss(call);
  }

  /** Notes that a call is over; `false` when it was already. */
  #end(call: BlockedCall): boolean {
    const first = this.#calls.delete(call);
    this.#rest();
    return first;
  }

  #rest(): void {
    if (this.#calls.size === 0 && this.#stuck.size === 0) interruptAtExit.delete(this);
  }

  /** Has a pool thread make the call, and sees to what follows. */
  #hand(call: BlockedCall, wait: KernelWait): void {
    const task = this.#run(call).then(() => {
      // The pool's message may come first after all, and close() waits for no other.
      this.#left(call, wait);
    }, (cause) => {
      if (this.#stuck.has(call)) return this.#back(call, wait);
      if (!this.#end(call)) return;
      // There may be no memory or no descriptor for a thread; the wait can do without one.
      this.#startAgain = performance.now() + START_AGAIN;
      wait.description.unblock(wait, EINTR);
      if (isDenied(cause)) wait.giveUp.now(noThread(wait.want, cause));
      if (wait.giveUp.given !== undefined) wait.left(EINTR, false);
      else this.#owner.onBack(wait);
    }).finally(() => {
      bury(call);
      this.#tasks.delete(call);
      this.#over.delete(call);
      this.#owner.onFree();
    });
    // Nobody waits for a thread that is stuck.
    const stuck = new Promise<void>((resolve) => this.#over.set(call, resolve));
    this.#tasks.set(call, Promise.race([task, stuck]));
  }

  async #run(call: BlockedCall): Promise<void> {
    const task: BlockedTask = { ...call, signal: prepareInterrupts() };
    await this.#pool.load();
    if (Atomics.load(call.words, STATE) !== QUEUED) return;
    // A thread that has left its call is sooner back than another one has started.
    const leaving = [...this.#tasks].filter(([other]) =>
      !this.#calls.has(other) && !this.#stuck.has(other)
    );
    for (const [other] of leaving) dismiss(other);
    if (leaving.length > 0) await Promise.race(leaving.map(([, task]) => task));
    try {
      await this.#pool.run(task, () => withdraw(call));
    } catch (cause) {
      await driveOut(call);
      throw cause;
    }
  }
}

/** Whether Deno was started without a permission that threads need; that does not pass. */
function isDenied(cause: unknown): boolean {
  return /\bNotCapable\b|\bRequires \w+ access\b/.test(String(cause));
}

function noThread(want: LockRequest, cause: unknown): LockError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new LockError(`${cannotLock(want)}: no thread to wait in: ${why}`, {
    code: 'ERR_LOCK_UNSUPPORTED',
    path: want.path,
    cause,
  });
}
