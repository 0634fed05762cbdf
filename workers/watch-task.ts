/**
 * The watch of an engine, and the memory that its thread shares with the owner.
 *
 * A watch's life: `STARTING`; `WAITING` by the thread before it waits for events; `READY` by the
 * thread when there are some, and `WAITING` again by the owner when it has read all of them. The owner may
 * turn each of them into `OVER`.
 */

/** Index of the watch's state. */
export const STATE = 0;
/** Index of a word that is not 0 once a thread has taken up the watch. */
export const BEGUN = 1;

/** Values of {@linkcode STATE}. */
export const STARTING = 0;
export const WAITING = 1;
export const READY = 2;
export const OVER = 3;

/** The memory of a new watch, which is `STARTING`. */
export function newWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

/** What is sent to the thread. */
export interface WatchTask {
  readonly words: Int32Array<SharedArrayBuffer>;
  /** The inotify instance, which the owner reads. Any event has the thread look at the state. */
  readonly inotify: number;
}
