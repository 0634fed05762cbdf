import type { WaitInfo } from '../lock/lock-options.ts';
import type { Answer } from './protocol.ts';

/** A wait of a client, until the client has been told what came of it. */
interface Wait {
  abort: (() => void) | undefined;
  outcome: Answer | undefined;
  tell: ((outcome: Answer) => void) | undefined;
}

/** The waits of one client, by the client's numbers. */
export class ClientWaits {
  readonly #waits = new Map<number, Wait>();

  /** How many there are. */
  get size(): number {
    return this.#waits.size;
  }

  /** Whether there is one with this number. */
  has(id: number): boolean {
    return this.#waits.has(id);
  }

  /** Begins something that may have to wait; `begin` gives what aborts that. */
  begin(
    id: number,
    begin: (onWait: (info: WaitInfo) => void, end: (outcome: Answer) => void) => () => void,
  ): Answer {
    const wait: Wait = { abort: undefined, outcome: undefined, tell: undefined };
    let info: WaitInfo | undefined;
    const end = (outcome: Answer): void => {
      wait.outcome = outcome;
      if (wait.tell === undefined) return;
      this.#waits.delete(id);
      wait.tell(outcome);
    };
    wait.abort = begin((told) => void (info = told), end);
    if (wait.outcome !== undefined) return wait.outcome;
    this.#waits.set(id, wait);
    return { is: 'waiting', info };
  }

  /**
   * Answers when a wait is over.
   *
   * @throws {RangeError} when there is none, or somebody has been promised the answer.
   */
  settled(id: number): Answer | Promise<Answer> {
    const wait = this.#waits.get(id);
    if (wait === undefined || wait.tell !== undefined) {
      throw new RangeError(`There is no wait ${id}`);
    }
    if (wait.outcome === undefined) return new Promise((resolve) => wait.tell = resolve);
    this.#waits.delete(id);
    return wait.outcome;
  }

  /** Gives up a wait, if there is one. */
  abort(id: number): void {
    this.#waits.get(id)?.abort?.();
  }

  /** Gives up all of them. */
  abortAll(): void {
    for (const { abort } of this.#waits.values()) abort?.();
  }
}
