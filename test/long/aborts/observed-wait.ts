import { type Lock, type LockEngine, LockError } from '../../../src/mod.ts';
import type { TryLockOptions, WaitOptions } from '../../../src/mod.ts';
import type { HeldLock } from '../../support/elsewhere.ts';
import { kernelLocksOn } from '../../support/kernel-locks.ts';
import type { Random } from '../../support/random.ts';
import type { Place, Reason, Tally, Wanted } from './tally.ts';

/** Where waits are given up: a file that nobody else uses, and who may lock it. */
export interface Stage {
  readonly path: string;
  /** The engine whose waits are given up. */
  readonly engine: LockEngine;
  /** Takes a lock for somebody of whom only the kernel knows, if it is free. */
  readonly others: { tryLock(path: string, options?: TryLockOptions): HeldLock | undefined };
  readonly random: Random;
  readonly tally: Tally;
  /** Notes a promise that was not kept. */
  broken(what: string): void;
}

/** A wait that is to be given up, and is counted by where it was then. */
export class ObservedWait {
  /** Resolves when the wait is over and has been counted; a lock that it got is free again. */
  readonly over: Promise<void>;
  /** Whether others wait behind it in the same line. */
  leads = false;
  /** Whether the holder has let go of the file. */
  freed = false;
  readonly #stage: Stage;
  readonly #wanted: Wanted;
  readonly #abort = new AbortController();
  readonly #reason = { why: 'no longer wanted' };
  /** Where it was when it began. */
  readonly #began: Place | undefined;
  /** Where it was when it was given up. */
  #place: Place | undefined;

  private constructor(
    stage: Stage,
    wanted: Wanted,
    begin: (options: WaitOptions) => Promise<Lock | void>,
    timeout: number | undefined,
  ) {
    this.#stage = stage;
    this.#wanted = wanted;
    const before = stage.engine.stats();
    const wait = begin({ signal: this.#abort.signal, timeout });
    const after = stage.engine.stats();
    if (after.queued > before.queued) this.#began = 'queued';
    else if (after.parked > before.parked) this.#began = 'parked';
    else if (after.blocked > before.blocked) this.#began = 'starting';
    this.over = wait.then((lock) => this.#granted(lock), (reason) => this.#failed(reason));
  }

  /** Waits for the file to be locked. */
  static lock(stage: Stage, mode: 'shared' | 'exclusive', timeout?: number): ObservedWait {
    const { engine, path } = stage;
    const begin = (options: WaitOptions) => engine.lock(path, { mode, ...options });
    return new ObservedWait(stage, 'lock', begin, timeout);
  }

  /** Waits for a shared lock to become exclusive. */
  static upgrade(stage: Stage, lock: Lock, timeout?: number): ObservedWait {
    return new ObservedWait(stage, 'upgrade', (options) => lock.upgrade(options), timeout);
  }

  /** Aborts it by its signal. */
  abort(): void {
    this.giveUpBy(() => this.#abort.abort(this.#reason));
  }

  /** Does what gives it up, and sees where it is at this moment. */
  giveUpBy(act: () => void): void {
    const { engine, path } = this.#stage;
    const before = engine.stats();
    // Asked only if the answer may matter: it takes long where there are many locks.
    const mayBlock = before.blocked > 0 && this.#began !== 'queued';
    const kernel = mayBlock ? kernelLocksOn(path) : { shared: 0, exclusive: 0, waiting: 0 };
    act();
    const after = engine.stats();
    if (this.#place !== undefined) return;
    if (this.leads) this.#place = 'head';
    else if (after.queued < before.queued) this.#place = 'queued';
    else if (after.parked < before.parked) this.#place = this.freed ? 'freed' : 'parked';
    else if (kernel.waiting > 0) this.#place = 'blocked';
    else if (!this.freed) this.#place = 'starting';
    else {
      // Nobody else has the file any more, but for the lock that is to be upgraded.
      const taken = kernel.exclusive + (this.#wanted === 'upgrade' ? 0 : kernel.shared);
      this.#place = taken > 0 ? 'granting' : 'woken';
    }
  }

  #granted(lock: Lock | void): void {
    if (this.#place !== undefined) this.#stage.tally.late++;
    if (lock instanceof Object) lock.release();
  }

  #failed(error: unknown): void {
    const { tally, broken } = this.#stage;
    const reason = this.#reasonOf(error);
    if (reason === undefined) return broken(`a wait has ended with ${error}`);
    // A timeout and `close()` are not seen coming.
    const place = reason === 'signal' ? this.#place : this.#place ?? this.#began;
    // An engine that is closed lets no wait begin.
    if (place !== undefined) tally.add(this.#wanted, reason, place);
  }

  #reasonOf(error: unknown): Reason | undefined {
    if (error === this.#reason) return 'signal';
    if (!(error instanceof LockError)) return undefined;
    switch (error.code) {
      case 'ERR_LOCK_TIMEOUT':
        return 'timeout';
      case 'ERR_LOCK_CLOSED':
        return 'close';
      case 'ERR_LOCK_RELEASED':
        return this.#wanted === 'upgrade' ? 'release' : undefined;
      default:
        return undefined;
    }
  }
}
