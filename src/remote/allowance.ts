import { LockError } from '../lock/lock-error.ts';
import { invalid } from '../lock/lock-options.ts';
import { quote } from '../lock/printable.ts';

/** What the clients of an endpoint may do. */
export interface ExposeOptions {
  /**
   * The most locks and waits, counted together, that the clients of this endpoint may have at a time.
   * What they ask for beyond it is `ERR_LOCK_LIMIT`. Each takes one descriptor of the process.
   * @default {50_000}
   */
  maxLocks?: number | undefined;
  /**
   * Whether clients may have the engine take over descriptors with `adoptLock()`. It does so only for
   * threads that can call libc, and so could use and close those descriptors themselves; others get
   * `ERR_LOCK_UNSUPPORTED`, as all do if this is `false`.
   * @default {true}
   */
  adopt?: boolean | undefined;
}

/** One of the clients. */
export interface Member {
  /** How many locks and waits it has. */
  readonly size: number;
}

/** The most clients of an endpoint at a time; a client that hears nothing knocks again. */
const MOST_CLIENTS = 1024;

/** What the clients of one endpoint may have together. */
export class Allowance {
  /** Whether they may have descriptors taken over. */
  readonly adopt: boolean;
  readonly #maxLocks: number;
  readonly #members = new Set<Member>();

  constructor({ maxLocks = 50_000, adopt = true }: ExposeOptions = {}) {
    if (!Number.isSafeInteger(maxLocks) || maxLocks < 1) {
      throw invalid(RangeError, 'maxLocks', 'must be a whole number, 1 or more', maxLocks);
    }
    if (typeof adopt !== 'boolean') throw invalid(TypeError, 'adopt', 'must be a boolean', adopt);
    this.#maxLocks = maxLocks;
    this.adopt = adopt;
  }

  /** Whether there is no room for one more client. */
  get full(): boolean {
    return this.#members.size >= MOST_CLIENTS;
  }

  /** Counts what a client has. */
  join(member: Member): void {
    this.#members.add(member);
  }

  /** Counts it no longer. */
  leave(member: Member): void {
    this.#members.delete(member);
  }

  /**
   * Makes sure that there is room for so many more locks or waits.
   *
   * @throws {LockError} `ERR_LOCK_LIMIT`
   */
  check(path: string, more = 1): void {
    let used = more;
    for (const { size } of this.#members) used += size;
    if (used <= this.#maxLocks) return;
    throw new LockError(
      `Cannot lock ${quote(path)}: the engine's thread allows its clients here no more than ` +
        `${this.#maxLocks} locks and waits`,
      { code: 'ERR_LOCK_LIMIT', path },
    );
  }
}
