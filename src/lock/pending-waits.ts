import type { PendingInfo } from './engine-info.ts';
import { GiveUp } from './give-up.ts';
import type { Journal } from './journal.ts';
import type { Lock } from './lock.ts';
import { closedError } from './lock-error.ts';
import type { HeldInfo, LockRequest, WaitOptions } from './lock-options.ts';
import type { LockedFile } from './locked-file.ts';
import type { LockedFiles } from './locked-files.ts';

/** The waits of an engine, from their announcement to their end, in the order of their beginning. */
export class PendingWaits {
  readonly #waits = new Set<GiveUp>();
  readonly #journal: Journal;
  #closed = false;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** How many there are. */
  get size(): number {
    return this.#waits.size;
  }

  /** Announces a wait for the file; `upgraded` is the lock that shall become exclusive. */
  begin(
    want: LockRequest,
    options: WaitOptions,
    file: LockedFile | undefined,
    upgraded?: Lock,
  ): GiveUp {
    const { path, mode } = want;
    const holders = (): HeldInfo[] => infoOf(file?.inTheWay(want, upgraded, file.line?.last) ?? []);
    options.onWait?.({ path, mode, holders: holders() });
    this.throwIfClosed(path);
    const giveUp = new GiveUp(want, options);
    this.#waits.add(giveUp);
    this.#journal.wait(giveUp, holders);
    return giveUp;
  }

  /** Notes that a wait has ended with the lock. */
  granted(giveUp: GiveUp): void {
    giveUp.end();
    this.#waits.delete(giveUp);
  }

  /** Notes that a wait has ended without the lock. */
  failed(giveUp: GiveUp, reason: unknown): void {
    giveUp.end();
    this.#waits.delete(giveUp);
    this.#journal.giveUp(giveUp, reason);
  }

  /** Ends all waits; none begins any more. */
  close(): void {
    this.#closed = true;
    for (const giveUp of this.#waits) giveUp.now(closedError(giveUp.want.path));
  }

  /** Lets nobody begin anything after {@linkcode PendingWaits.close}. */
  throwIfClosed(path?: string): void {
    if (this.#closed) throw closedError(path);
  }

  /** What is waited for, and which of the engine's own locks are in the way. */
  info(files: LockedFiles): PendingInfo[] {
    const inTheWay = files.inTheWay();
    return Array.from(this.#waits, (giveUp) => {
      const { path, mode } = giveUp.want;
      return { path, mode, holders: infoOf(inTheWay.get(giveUp) ?? []) };
    });
  }
}

/** What others may know of locks. */
export function infoOf(locks: Iterable<Lock>): HeldInfo[] {
  return Array.from(locks, ({ path, mode, kind }) => ({ path, mode, kind }));
}
