/**
 * The memory that a blocked thread shares with the thread that waits for it: one slot of 32-bit
 * words a thread.
 *
 * A slot's life: `QUEUED` by the owner when the task is handed out, `BLOCKED` by the thread just
 * before it enters the kernel, `LEFT` by the thread when it is back and will not touch the
 * descriptor again. The owner may turn `QUEUED` into `LEFT`: then the thread does nothing. Both
 * turns are made by compare-and-exchange, so exactly one of the two wins.
 */

/** Words a slot takes up. */
export const SLOT_WORDS = 4;

/** Offsets of a slot's words. */
export const STATE = 0;
/** The kernel's id of the blocked thread. */
export const THREAD = 1;
/** Not 0 once the owner has given up: an interrupted call is then not repeated. */
export const GIVEN_UP = 2;
/** What the call returned: 0, or its `errno`. */
export const ERRNO = 3;

/** Values of {@linkcode STATE}. */
export const QUEUED = 0;
export const BLOCKED = 1;
export const LEFT = 2;

/** One blocking lock call, as it is sent to a pool thread. */
export interface BlockedCall {
  /** All slots; an `Int32Array` over shared memory. */
  slots: Int32Array<SharedArrayBuffer>;
  /** Index of this call's first word. */
  slot: number;
  fd: number;
  lock: 'shared' | 'exclusive';
  start: number;
  length: number;
}
