/** A wait as the records tell of it. */
interface StampedWait {
  readonly key: string;
  readonly file: number;
  /** The lock that shall be upgraded. */
  readonly own: string | undefined;
  /** Since when nobody has held the file, by the time in the records. */
  since: number | undefined;
}

/** What the waits are measured by. */
export interface Surroundings {
  /** Whether anybody but `own` holds a lock on the file. */
  isHeld(file: number, own: string | undefined): boolean;
  /** Whether a process that may hold something unsaid is stopped, or was a moment ago. */
  readonly stopped: boolean;
}

/** How long a file may be free while somebody waits for it, in milliseconds. */
export const ASLEEP = 5000;
/** If nothing was written for so long, the whole machine has been stopped. */
const GAP = 1000;

/** Finds the waits that nobody has woken. */
export class StampedWaits {
  readonly #waits = new Map<string, StampedWait>();
  /** Files on which something has happened since the last tick. */
  readonly #stirred = new Set<number>();
  #last = 0;

  get size(): number {
    return this.#waits.size;
  }

  begin(key: string, file: number, own: string | undefined): void {
    this.#waits.set(key, { key, file, own, since: undefined });
  }

  end(key: string): boolean {
    return this.#waits.delete(key);
  }

  /** Whether a process has any. */
  has(who: string): boolean {
    return this.#of(who).length > 0;
  }

  /** A process has gone, and its waits with it. */
  endAll(who: string): void {
    for (const key of this.#of(who)) this.#waits.delete(key);
  }

  stir(file: number): void {
    this.#stirred.add(file);
  }

  /** The time has come to look; gives those who sleep on, with the file, each of them once. */
  tick(now: number, around: Surroundings): { key: string; file: number }[] {
    const late = now - this.#last > GAP;
    this.#last = now;
    const asleep: StampedWait[] = [];
    for (const wait of this.#waits.values()) {
      const disturbed = late || around.stopped || this.#stirred.has(wait.file) ||
        around.isHeld(wait.file, wait.own);
      if (disturbed || wait.since === undefined) wait.since = now;
      else if (now - wait.since > ASLEEP) asleep.push(wait);
    }
    this.#stirred.clear();
    for (const { key } of asleep) this.#waits.delete(key);
    return asleep;
  }

  #of(who: string): string[] {
    return [...this.#waits.keys()].filter((key) => key.startsWith(`${who}:`));
  }
}
