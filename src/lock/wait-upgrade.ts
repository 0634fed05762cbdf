import type { Description } from './description.ts';
import type { GiveUp } from './give-up.ts';
import type { Lock } from './lock.ts';
import { upgradeError } from './lock-error.ts';
import type { LockRequest } from './lock-options.ts';
import { Waiter } from './waiter.ts';

/** What an upgrade needs to know of its lock. */
export interface UpgradeOwner {
  /** Sets the lock's mode again, if it is still held: a late grant may have made more of it. */
  restore(): void;
  /** Does so in any case: its descriptor is open, and others may have the lock by it. */
  takeBack(): void;
  /** The wait is over. */
  end(failure?: { readonly reason: unknown }): void;
}

/** The wait of a shared lock to become exclusive. */
export class UpgradeWait extends Waiter {
  override readonly description: Description;
  override readonly want: LockRequest;
  readonly #lock: Lock;
  readonly #owner: UpgradeOwner;

  constructor(
    lock: Lock,
    description: Description,
    want: LockRequest,
    giveUp: GiveUp,
    owner: UpgradeOwner,
  ) {
    super(giveUp, lock);
    this.description = description;
    this.want = want;
    this.#lock = lock;
    this.#owner = owner;
  }

  override ended(errno: number): boolean {
    const { given } = this.giveUp;
    if (given !== undefined) {
      // The grant may have come all the same; whoever gave up must not keep others out.
      if (errno === 0) this.#owner.restore();
      return this.#fail(given.reason);
    }
    if (errno !== 0) return this.#fail(upgradeError(this.#lock.path, errno));
    try {
      if (this.#lock.tryUpgrade()) {
        this.#owner.end();
        return true;
      }
    } catch (error) {
      // Another thread has ended the lock, and the news of it is on its way.
      return this.#fail(error);
    }
    // Between the grant and its news `tryUpgrade()` and `downgrade()` have undone it.
    this.line!.join(this);
    return false;
  }

  late(errno: number): void {
    if (errno === 0) this.#owner.takeBack();
  }

  #fail(reason: unknown): false {
    this.#owner.end({ reason });
    return false;
  }
}
