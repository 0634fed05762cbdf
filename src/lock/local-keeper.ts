import { AT_FDCWD, duplicate } from '../linux/open.ts';
import type { Description } from './description.ts';
import { GiveUp } from './give-up.ts';
import type { LineRules } from './line.ts';
import type { Lock, LockKeeper } from './lock.ts';
import { endedError } from './lock-error.ts';
import type { LockRequest, WaitOptions } from './lock-options.ts';
import type { LockedFile } from './locked-file.ts';
import type { PendingWaits } from './pending-waits.ts';
import { UpgradeWait } from './wait-upgrade.ts';

/** What the keeper of a lock needs of the engine that granted it. */
export interface LockOwner {
  readonly rules: LineRules;
  readonly pending: PendingWaits;
  /** An upgrade has been granted. */
  upgraded(lock: Lock, giveUp: GiveUp): void;
  /** A lock has been released or detached. */
  ended(lock: Lock, detached: boolean): void;
}

/** Keeps the books about one lock, in the thread of the engine that granted it. */
export class LocalKeeper implements LockKeeper {
  readonly #description: Description;
  readonly #want: LockRequest;
  readonly #file: LockedFile;
  readonly #owner: LockOwner;
  #upgrades: Set<GiveUp> | undefined;

  constructor(description: Description, want: LockRequest, file: LockedFile, owner: LockOwner) {
    this.#description = description;
    this.#want = want;
    this.#file = file;
    this.#owner = owner;
  }

  modeChanged(lock: Lock): void {
    this.#file.modeChanged(lock);
  }

  release(lock: Lock): void {
    this.#end(lock, 'released');
    this.#description.close();
    // Next in line is whoever waits in this process, and has the lock when this returns.
    this.#file.remove(lock);
  }

  detach(lock: Lock): number {
    this.#end(lock, 'detached');
    this.#file.remove(lock);
    const { fd, isInUse } = this.#description;
    const other = isInUse ? duplicate(fd) : -1;
    if (other === -1) return fd;
    // A thread that is stuck with the number may yet come back with the lock made exclusive.
    this.#description.close();
    return other;
  }

  async upgrade(lock: Lock, options: WaitOptions): Promise<void> {
    if (lock.tryUpgrade()) return;
    // No directory is named any more by what was `at` then.
    const want: LockRequest = { ...this.#want, dirfd: AT_FDCWD, mode: 'exclusive' };
    const { pending, rules } = this.#owner;
    const giveUp = pending.begin(want, options, this.#file, lock);
    const upgrades = this.#upgrades ??= new Set();
    upgrades.add(giveUp);
    await new Promise<void>((resolve, reject) => {
      const end = (failure?: { readonly reason: unknown }): void => {
        upgrades.delete(giveUp);
        if (failure !== undefined) {
          pending.failed(giveUp, failure.reason);
          return reject(failure.reason);
        }
        this.#owner.upgraded(lock, giveUp);
        resolve();
      };
      // `onWait` may have released the lock, or aborted the wait.
      if (lock.released) return end({ reason: endedError('upgrade', lock.path, 'released') });
      if (giveUp.given !== undefined) return end(giveUp.given);
      this.#file.lineFor(rules).join(
        new UpgradeWait(lock, this.#description, want, giveUp, {
          restore: () => void (!lock.released && this.#restore(lock)),
          takeBack: () => this.#restore(lock),
          end,
        }),
      );
    });
  }

  #end(lock: Lock, how: 'released' | 'detached'): void {
    if (this.#upgrades !== undefined && this.#upgrades.size > 0) {
      GiveUp.allNow(this.#upgrades, endedError('upgrade', lock.path, how));
      // A thread in the kernel keeps the open file alive, and with it the lock.
      this.#owner.rules.waits.leaveNow(this.#description);
      // The grant may have come all the same, and children or the new owner go on with the lock.
      this.#restore(lock);
    }
    this.#owner.ended(lock, how === 'detached');
  }

  #restore(lock: Lock): void {
    this.#description.trySet(lock.mode, lock.range);
  }
}
