import { ENOENT } from '../linux/errno.ts';
import { fileCalls, toName } from '../linux/file-calls.ts';
import { Status } from '../linux/status.ts';
import type { Lock } from '../lock/lock.ts';
import { LockError } from '../lock/lock-error.ts';
import { type BusyRef, busyRef, lookAt, type Ref, tryRef, waitForRef } from './lock-ref.ts';
import type { Place } from './place.ts';
import type { RuntimeOptions } from './tree-options.ts';
import { waitUntilUnused } from './wait-unused.ts';

const REF = toName('.ref');
/** Why a file that may be read cannot be locked exclusively. */
const READ_ONLY: readonly string[] = ['EACCES', 'EPERM', 'EROFS'];

interface HeldRef {
  readonly lock: Lock;
  /** The directory for which the file was made in order to lock it. */
  readonly madeIn: Place | undefined;
}

/**
 * Exclusive locks on many `.ref` files, all or none of which are wanted. They are only tried, so
 * nobody who waits for one of them holds another; and no file is locked twice, since a second lock
 * would be in the way of the first.
 */
export class HeldRefs {
  readonly #options: RuntimeOptions;
  readonly #locks = new Map<string, HeldRef>();
  /** Places that must stay open until somebody has waited for the lock there. */
  readonly #places: Place[] = [];
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
    this.#keep(lock, errno === ENOENT ? where : undefined);
    return undefined;
  }

  /** Waits for a lock that was busy, while none is held. */
  async waitFor(busy: BusyRef, options: RuntimeOptions): Promise<void> {
    if (!busy.isAncestor) return this.#keep(await waitForRef(busy.ref, options));
    try {
      (await waitForRef(busy.ref, options)).release();
    } catch (error) {
      // Who may delete a part need not have a right to write the `.ref` of the whole.
      if (!(error instanceof LockError) || !READ_ONLY.includes(error.code)) throw error;
      await waitUntilUnused(busy.ref, options);
    }
  }

  /** Has a place closed by {@linkcode HeldRefs.close}, and not before. */
  own(place: Place): Place {
    this.#places.push(place);
    return place;
  }

  /** How many of the files were made in order to lock them. */
  get made(): number {
    return [...this.#locks.values()].filter(({ madeIn }) => madeIn !== undefined).length;
  }

  /**
   * Releases all locks. What was made in order to lock it is deleted before, if it is still there: it
   * would say that a directory has had copies, or is a runtime.
   */
  release(): void {
    for (const [identity, { lock, madeIn }] of this.#locks) {
      if (madeIn !== undefined && lookAt(madeIn).identity === identity) {
        fileCalls().unlinkat(madeIn.fd, REF, 0);
      }
      lock.release();
    }
    this.#locks.clear();
  }

  /** Releases all locks and closes all places. */
  close(): void {
    this.release();
    for (const place of this.#places.splice(0)) place.close();
  }

  #keep(lock: Lock, madeIn?: Place): void {
    const status = new Status();
    status.of(lock.fd);
    this.#locks.set(status.identity, { lock, madeIn });
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
