import { LockError } from './lock-error.ts';
import type { LockMode, WaitOptions } from './lock-options.ts';
import { cannotLock } from './open-file.ts';

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
  #listener: (() => void) | undefined;
  #signal: AbortSignal | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(path: string, mode: LockMode, { signal, timeout = Infinity }: WaitOptions) {
    this.#signal = signal;
    // An aborted signal fires no more events.
    if (signal?.aborted) this.now(signal.reason);
    else signal?.addEventListener('abort', this.#aborted, { once: true });
    if (timeout !== Infinity) this.#startTimer(path, mode, timeout, timeout);
  }

  /** Ends the wait for this reason, unless it is over. */
  now(reason: unknown): void {
    if (this.#over || this.given !== undefined) return;
    this.given = { reason };
    this.#listener?.();
  }

  /** Has `listener` called when the wait is given up; at once if it has been. */
  listen(listener: () => void): void {
    this.#listener = listener;
    if (this.given !== undefined) listener();
  }

  /** To be called when the wait is over, however it ended: no reason counts any more. */
  end(): void {
    this.#over = true;
    this.#listener = undefined;
    this.#signal?.removeEventListener('abort', this.#aborted);
    clearTimeout(this.#timer);
  }

  readonly #aborted = (): void => this.now(this.#signal!.reason);

  #startTimer(path: string, mode: LockMode, timeout: number, left: number): void {
    const step = Math.min(left, LONGEST_TIMER);
    this.#timer = setTimeout(() => {
      if (left > step) return this.#startTimer(path, mode, timeout, left - step);
      this.now(
        new LockError(`${cannotLock(path, mode)}: still busy after ${timeout} ms`, {
          code: 'ERR_LOCK_TIMEOUT',
          path,
        }),
      );
    }, step);
  }
}
