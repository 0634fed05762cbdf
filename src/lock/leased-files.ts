/** How often the files are opened anew, in milliseconds. */
const POLL = 20;
/** How many at a time. */
const AT_A_TIME = 128;

/** A wait for a file that cannot be opened yet. */
export interface LeasedWait {
  /** Tries it again; if it still cannot be opened, the wait is added again. */
  openAgain(): void;
}

/**
 * Waits for files on which somebody else has a lease. The kernel asks the holder to let go when the
 * file is opened, and breaks the lease itself after `/proc/sys/fs/lease-break-time` seconds (fcntl(2),
 * "Leases"). An open that waits for that would hold up the whole thread, and no event tells of the
 * end, so they are opened from time to time.
 */
export class LeasedFiles {
  readonly #waits = new Set<LeasedWait>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** How many waits there are. */
  get size(): number {
    return this.#waits.size;
  }

  /** Adds a wait whose file has just turned out to be leased. */
  add(wait: LeasedWait): void {
    this.#waits.add(wait);
    this.#timer ??= setTimeout(this.#tryAll, POLL);
  }

  /** Ends a wait that has been given up; `false` if it is not here. */
  delete(wait: LeasedWait): boolean {
    const found = this.#waits.delete(wait);
    if (this.#waits.size === 0) this.#stop();
    return found;
  }

  readonly #tryAll = (): void => {
    this.#timer = undefined;
    // The oldest first; whose file is leased still goes to the end.
    for (const wait of [...this.#waits].slice(0, AT_A_TIME)) {
      // The end of another wait may have ended this one.
      if (this.#waits.delete(wait)) wait.openAgain();
    }
    if (this.#waits.size > 0) this.#timer ??= setTimeout(this.#tryAll, POLL);
  };

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
