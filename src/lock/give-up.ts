import { LockError } from './lock-error.ts';
import type { LockMode, WaitOptions } from './lock-options.ts';
import { cannotLock } from './open-file.ts';

/** The lock that is waited for. */
export interface WantedLock {
  readonly path: string;
  readonly mode: LockMode;
  /** The directory from which a relative path starts, if it is still open. */
  readonly dirfd?: number;
}

/** setTimeout takes no more than this; a longer timeout goes in several steps. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * The reasons for which one wait may end without the lock: abort, timeout, or whatever is
 * passed to {@linkcode GiveUp.now}. The first one wins and the later ones are not heard.
 */
export class GiveUp {
  /** The winning reason, in a box of its own because any value can be one, even `undefined`. */
  given: { readonly reason: unknown } | undefined;
  #over = false;
  /** Who is told. */
  listener: { givenUp(): void } | undefined;
  /** What is waited for. */
  readonly want: WantedLock;
  /** Since when, by `performance.now()`. */
  readonly began: number = performance.now();
  #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(want: WantedLock, { signal, timeout = Infinity }: WaitOptions) {
    this.want = want;
    this.#signal = signal;
    // An aborted signal fires no more events.
    if (signal?.aborted) this.now(signal.reason);
    else if (signal !== undefined) join(signal, this);
    if (timeout === Infinity) return;
    // In words now, since the directory that a relative path starts from may be closed by then.
    const message = `${cannotLock(want)}: still busy after ${timeout} ms`;
    this.#startTimer({ message, path: want.path }, timeout);
  }

  /** Whether it is given up, or is about to be because its signal has been aborted. */
  get due(): boolean {
    return this.given !== undefined || this.#signal?.aborted === true;
  }

  /** Ends the wait for this reason, unless it is over. */
  now(reason: unknown): void {
    if (this.#decide(reason)) this.listener?.givenUp();
  }

  /** Ends several waits, none of which is to have its turn because another one has ended. */
  static allNow(waits: Iterable<GiveUp>, reason: unknown): void {
    const ending = Array.from(waits).filter((wait) => wait.#decide(reason));
    for (const wait of ending) wait.listener?.givenUp();
  }

  /** To be called when the wait is over, however it ended: no reason counts any more. */
  end(): void {
    this.#over = true;
    this.listener = undefined;
    if (this.#signal !== undefined) part(this.#signal, this);
    clearTimeout(this.#timer);
  }

  #decide(reason: unknown): boolean {
    if (this.#over || this.given !== undefined) return false;
    this.given = { reason };
    return true;
  }

  #startTimer(late: { message: string; path: string }, left: number): void {
    const step = Math.min(left, LONGEST_TIMER);
    this.#timer = setTimeout(() => {
      if (left > step) return this.#startTimer(late, left - step);
      this.now(new LockError(late.message, { code: 'ERR_LOCK_TIMEOUT', path: late.path }));
    }, step);
  }
}

/**
 * The waits of each signal, which has one listener for all of them: many waits may well share one
 * signal, and Node warns of a leak when a signal has more than ten listeners.
 */
const waitsOf = new WeakMap<AbortSignal, { members: Set<GiveUp>; listener: () => void }>();

function join(signal: AbortSignal, giveUp: GiveUp): void {
  let group = waitsOf.get(signal);
  if (group === undefined) {
    const members = new Set<GiveUp>();
    const listener = (): void => {
      for (const member of members) member.now(signal.reason);
    };
    group = { members, listener };
    waitsOf.set(signal, group);
    signal.addEventListener('abort', listener);
  }
  group.members.add(giveUp);
}

function part(signal: AbortSignal, giveUp: GiveUp): void {
  const group = waitsOf.get(signal);
  if (group === undefined) return;
  group.members.delete(giveUp);
  if (group.members.size > 0) return;
  signal.removeEventListener('abort', group.listener);
  waitsOf.delete(signal);
}
