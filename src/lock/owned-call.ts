/** The owner's side of one blocking call; `workers/blocked-lock.ts` is the thread's. */

import { EINTR } from '../linux/errno.ts';
import { interruptThread } from '../linux/interrupt.ts';
import { AT_PATH, BLOCKED, type BlockedCall, ERRNO, GIVEN_UP } from '../../workers/blocked-call.ts';
import { HEARD, LEFT, newWords, QUEUED, STATE, THREAD } from '../../workers/blocked-call.ts';
import type { KernelWait } from './kernel-wait.ts';

/** How long after a signal the next one is sent to a thread that is still in the kernel, in ms. */
const SIGNAL_AGAIN = 1;
/** The longest pause between two signals, in milliseconds. */
const SIGNAL_SELDOM = 1000;
/**
 * How long a thread has to leave the kernel once it is interrupted, in milliseconds. One that has not
 * left by then is stuck: the server of a network filesystem does not answer.
 */
const STUCK_AFTER = 5000;
/** How long a thread has for it that shall be gone; one that has thrown lives on. In ms. */
const DRIVE_OUT_LIMIT = 250;

/** A call that a thread can be given. */
export function newCall({ description: { fd, kind }, want }: KernelWait): BlockedCall {
  const { mode: lock, range: { start, length }, dirfd, path, beneath } = want;
  const words = newWords();
  // What a call that never began has come to: nothing but the thread's own word is a grant.
  words[ERRNO] = EINTR;
  return { words, fd, kind, lock, start, length, dirfd, path, beneath };
}

/** Sees to it that no thread begins the call any more, unless one has: then it gives `false`. */
export function withdraw({ words }: BlockedCall): boolean {
  if (Atomics.compareExchange(words, STATE, QUEUED, LEFT) === QUEUED) return true;
  // Given up before a thread had it: the thread's id is the first thing that one leaves.
  return Atomics.load(words, THREAD) === 0;
}

/** What a call has come to that has left or will never begin. */
export function outcome({ words }: BlockedCall): { errno: number; atPath: boolean } {
  return { errno: words[ERRNO]!, atPath: words[AT_PATH] === 1 };
}

/** Calls `listener` when the call has left, or will never begin. */
export function onLeft(call: BlockedCall, listener: () => void): void {
  const { words } = call;
  const look = (): void => {
    const state = Atomics.load(words, STATE);
    if (state >= LEFT) return listener();
    const { async, value } = Atomics.waitAsync(words, STATE, state);
    if (async) value.then(look);
    else look();
  };
  look();
}

/**
 * Has the call not begun if it has not, and not repeated when it is interrupted; tells whether it
 * will never begin now.
 */
export function cancel({ words }: BlockedCall): boolean {
  Atomics.store(words, GIVEN_UP, 1);
  const inTime = Atomics.compareExchange(words, STATE, QUEUED, LEFT) === QUEUED;
  Atomics.notify(words, STATE);
  return inTime;
}

/** Whether a thread is in the kernel with the call's descriptor, or about to be. */
export function isBlocked({ words }: BlockedCall): boolean {
  return Atomics.load(words, STATE) === BLOCKED;
}

/**
 * Makes the thread leave the call by signals, for one that comes too early is lost; tells whether
 * the call will never begin now. `stuck` is called when the thread has not left in time; a signal
 * may yet reach it, so some go on to be sent, which keep no program alive.
 */
export function leave(call: BlockedCall, stuck: () => void): boolean {
  if (cancel(call)) return true;
  // By the pauses and not by the clock: a process that was stopped has given the thread no time.
  let waited = 0;
  const interrupt = (): void => {
    if (!isBlocked(call)) return;
    interruptThread(Atomics.load(call.words, THREAD));
    if (waited >= STUCK_AFTER) {
      if (waited !== Infinity) stuck();
      waited = Infinity;
      setTimeout(interrupt, SIGNAL_SELDOM).unref();
      return;
    }
    const pause = Math.max(SIGNAL_AGAIN, Math.min(waited / 10, STUCK_AFTER - waited));
    waited += pause;
    setTimeout(interrupt, pause);
  };
  interrupt();
  return false;
}

/** The same for a caller that cannot await: returns when the thread has left, or time is up. */
export function leaveBefore(deadline: number, call: BlockedCall): void {
  cancel(call);
  const { words } = call;
  while (Atomics.load(words, STATE) === BLOCKED && performance.now() < deadline) {
    interruptThread(Atomics.load(words, THREAD));
    Atomics.wait(words, STATE, BLOCKED, SIGNAL_AGAIN);
  }
}

/**
 * Makes a thread leave the kernel of which the pool says that it has ended, and that will not say so
 * itself: Deno does not wait for a thread that is terminated, and it would yet be granted the lock.
 */
export async function driveOut({ words }: BlockedCall): Promise<void> {
  const deadline = performance.now() + DRIVE_OUT_LIMIT;
  while (Atomics.load(words, STATE) === BLOCKED && performance.now() < deadline) {
    if (!interruptThread(Atomics.load(words, THREAD))) return;
    await new Promise((resolve) => setTimeout(resolve, SIGNAL_AGAIN));
  }
}

/** Lets the thread of a call that has left have its next one at once. */
export function dismiss({ words }: BlockedCall): void {
  if (Atomics.compareExchange(words, STATE, LEFT, HEARD) === LEFT) Atomics.notify(words, STATE);
}

/** Ends a call whose thread is gone: nobody is in the kernel with its descriptor either. */
export function bury({ words }: BlockedCall): void {
  Atomics.store(words, STATE, HEARD);
  Atomics.notify(words, STATE);
}
