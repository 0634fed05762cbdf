import type { Description } from './description.ts';
import type { GiveUp } from './give-up.ts';
import type { KernelWait } from './kernel-wait.ts';
import type { Line } from './line.ts';
import type { Lock } from './lock.ts';
import type { LockRequest } from './lock-options.ts';

/**
 * A place in the {@linkcode Line} of a file. It is `queued` while locks of this engine or earlier
 * waiters are in its way, and `in the kernel` while it waits for somebody else.
 *
 * All that a wait needs is in this one object, because there may be thousands.
 */
export abstract class Waiter implements KernelWait {
  /** The open file, to stay open until the end. */
  abstract readonly description: Description;
  abstract readonly want: LockRequest;
  readonly giveUp: GiveUp;
  /** The lock that shall become exclusive, if it is one of this engine's already. */
  readonly upgraded: Lock | undefined;
  /** Where it waits. */
  line: Line | undefined;
  state: 'queued' | 'in the kernel' | 'gone' = 'gone';
  /** Who comes before it. */
  previous: Waiter | undefined;
  /** Who comes after it; stays as it is when it goes, for whoever is on the way along the line. */
  next: Waiter | undefined;

  constructor(giveUp: GiveUp, upgraded?: Lock) {
    this.giveUp = giveUp;
    this.upgraded = upgraded;
    giveUp.listener = this;
  }

  /** The wait is over, as in {@linkcode KernelWait}; tells whether the lock is held now. */
  abstract ended(errno: number, atPath: boolean): boolean;

  /** The reason to give up has come. */
  givenUp(): void {
    this.line?.giveUp(this);
  }

  /** The kernel has granted the lock, or the wait was given up. */
  left(errno: number, atPath: boolean): void {
    this.line!.leave(this, errno, atPath);
  }
}
