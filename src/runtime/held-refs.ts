import { ENOENT } from '../linux/errno.ts';
import { Status } from '../linux/status.ts';
import type { Lock } from '../lock/lock.ts';
import { LockError } from '../lock/lock-error.ts';
import { type BusyRef, busyRef, lookAt, type Ref, tryRef, waitForRef } from './lock-ref.ts';
import type { Place } from './place.ts';
import type { RuntimeOptions } from './tree-options.ts';

/**
 * Exclusive locks on many `.ref` files, all or none of which are wanted. They are only tried, so
 * nobody who waits for one of them holds another; and no file is locked twice, since a second lock
 * would be in the way of the first.
 */
export class HeldRefs {
  readonly #options: RuntimeOptions;
  readonly #locks = new Map<string, Lock>();
  /** Places that must stay open until somebody has waited for the lock there. */
  readonly #places: Place[] = [];
  /** How many of the files were made in order to lock them. */
  made = 0;

  constructor(options: RuntimeOptions) {
    this.#options = options;
  }

  /** Tries the lock of an open directory; without `create` there may be none. Tells who is in the way. */
  async take(where: Place, create: boolean): Promise<BusyRef | undefined> {
    const ref: Ref = { in: where, mode: 'exclusive', create };
    const { identity, errno } = lookAt(where);
    if (identity !== undefined && this.#locks.has(identity)) return undefined;
    if (errno === ENOENT && !create) return undefined;
    const lock = await tryIfThere(ref, this.#options);
    if (lock === 'gone') return undefined;
    if (lock === undefined) return busyRef(ref);
    if (errno === ENOENT) this.made++;
    this.#keep(lock);
    return undefined;
  }

  /** Waits for a lock that was busy, while none is held. */
  async waitFor(busy: BusyRef, options: RuntimeOptions): Promise<void> {
    const lock = await waitForRef(busy.ref, options);
    if (busy.isAncestor) lock.release();
    else this.#keep(lock);
  }

  /** Has a place closed by {@linkcode HeldRefs.close}, and not before. */
  own(place: Place): Place {
    this.#places.push(place);
    return place;
  }

  /** Releases all locks. */
  release(): void {
    for (const lock of this.#locks.values()) lock.release();
    this.#locks.clear();
  }

  /** Releases all locks and closes all places. */
  close(): void {
    this.release();
    for (const place of this.#places.splice(0)) place.close();
  }

  #keep(lock: Lock): void {
    const status = new Status();
    status.of(lock.fd);
    this.#locks.set(status.identity, lock);
  }
}

async function tryIfThere(ref: Ref, options: RuntimeOptions): Promise<Lock | undefined | 'gone'> {
  try {
    return await tryRef(ref, options);
  } catch (error) {
    // Somebody has deleted it since it was seen.
    if (!ref.create && error instanceof LockError && error.code === 'ENOENT') return 'gone';
    throw error;
  }
}
