import { GiveUp, type WantedLock } from '../lock/give-up.ts';
import { closedError, LockError } from '../lock/lock-error.ts';
import type { WaitInfo, WaitOptions } from '../lock/lock-options.ts';
import { toError } from './failure.ts';
import type { Asked, Link } from './link.ts';
import type { Outcome, Request } from './protocol.ts';

/** How a wait ends that has not failed. */
export interface Ending<T> {
  granted(outcome: Outcome): T;
  /** It was granted, and had been given up before. */
  refused(outcome: Outcome): void;
}

/** A request to the engine's thread that may have to wait, until nothing is left of it there. */
export class RemoteWait<T> implements Asked {
  readonly op: Request;
  readonly promise: Promise<T>;
  readonly #link: Link;
  readonly #options: WaitOptions;
  readonly #giveUp: GiveUp;
  readonly #ending: Ending<T>;
  #resolve!: (result: T) => void;
  #reject!: (reason: unknown) => void;

  constructor(
    link: Link,
    op: Request,
    want: WantedLock,
    options: WaitOptions,
    ending: Ending<T>,
  ) {
    this.op = op;
    this.#link = link;
    this.#options = options;
    this.#ending = ending;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#giveUp = new GiveUp(want, options);
    this.#giveUp.listener = this;
    link.send(this);
  }

  /** Ends it because the client is closed. */
  close(): void {
    this.#giveUp.now(closedError(this.#giveUp.want.path));
  }

  givenUp(): void {
    // What has been sent is over when the engine says so: no lock may turn up later.
    if (this.#link.withdraw(this)) return this.#fail(this.#giveUp.given!.reason);
    this.#link.send({ op: { do: 'abort', request: this.op.id }, answered() {}, lost() {} });
  }

  answered(outcome: Outcome): void {
    if (outcome.is === 'waiting') return this.#announce(outcome.info);
    const { given } = this.#giveUp;
    if (outcome.is === 'failed') return this.#fail(given ? given.reason : toError(outcome.failure));
    this.#giveUp.end();
    // What was free is granted however short the time, and whether it was, is known only now.
    const late = given !== undefined && !this.#options.signal?.aborted && isTimeout(given.reason);
    if (given === undefined || late) {
      return this.#resolve(this.#ending.granted(outcome));
    }
    this.#ending.refused(outcome);
    this.#reject(given.reason);
  }

  lost(): void {
    this.#fail(closedError(this.#giveUp.want.path));
  }

  #announce(info: WaitInfo | undefined): void {
    if (info === undefined || this.#giveUp.due) return;
    try {
      this.#options.onWait?.(info);
    } catch (error) {
      this.#giveUp.now(error);
    }
  }

  #fail(reason: unknown): void {
    this.#giveUp.end();
    this.#reject(reason);
  }
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof LockError && reason.code === 'ERR_LOCK_TIMEOUT';
}
