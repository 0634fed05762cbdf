/**
 * One blocking lock call, and the memory that its thread shares with whoever waits for it.
 *
 * A call's life: `QUEUED` by the owner when it is handed out, `BLOCKED` by the thread just before
 * it enters the kernel, `LEFT` by the thread when it is back and will not touch the descriptor
 * again. The owner may turn `QUEUED` into `LEFT`: then the thread does nothing. Both turns are
 * made by compare-and-exchange, so exactly one of the two wins. `HEARD` is the owner's word that the
 * thread need not keep still any longer.
 */

/** Index of the call's state. */
export const STATE = 0;
/** Index of the kernel's id of the blocked thread. */
export const THREAD = 1;
/** Index of a word that is not 0 once the owner gave up: an interrupted call is not repeated then. */
export const GIVEN_UP = 2;
/** Index of what the call returned: 0, or its `errno`. */
export const ERRNO = 3;
/** Index of a word that is 1 if, after the grant, the path led to the locked file. */
export const AT_PATH = 4;
/** Index of the `threadId` of the blocked thread, as its owner's `Worker` has it. */
export const WORKER = 5;

/** Values of {@linkcode STATE}. */
export const QUEUED = 0;
export const BLOCKED = 1;
export const LEFT = 2;
export const HEARD = 3;

/** The call, as its owner knows it. */
export interface BlockedCall {
  /** The words above, in memory of this call's own, so a late thread can disturb no other call. */
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly fd: number;
  readonly kind: 'ofd' | 'process';
  readonly lock: 'shared' | 'exclusive';
  readonly start: number;
  readonly length: number;
  readonly dirfd: number;
  readonly path: string;
  readonly beneath: boolean;
}

/** What is sent to a pool thread. */
export interface BlockedTask extends BlockedCall {
  /** The signal by which the owner interrupts the call. */
  readonly signal: number;
}

/** The memory of a new call, which is `QUEUED`. */
export function newWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(6 * Int32Array.BYTES_PER_ELEMENT));
}
