/**
 * Durations, counted by size, to three digits: as many as come, in little memory, and in a form
 * that can be sent to another process and added up there.
 */
export class Tally {
  readonly #counts: Map<number, number>;

  /** Starts empty, or with what {@linkcode Tally.entries} gave elsewhere. */
  constructor(entries: Iterable<readonly [number, number]> = []) {
    this.#counts = new Map(entries);
  }

  /** Counts a duration in milliseconds, `times` times. */
  add(duration: number, times = 1): void {
    const size = Number(duration.toPrecision(3));
    this.#counts.set(size, (this.#counts.get(size) ?? 0) + times);
  }

  /** Durations and how often each was counted. */
  entries(): [number, number][] {
    return [...this.#counts];
  }

  /** The smallest duration that at least the share `p` of all does not exceed; 0 for none. */
  percentile(p: number): number {
    const sorted = this.entries().sort(([a], [b]) => a - b);
    const total = sorted.reduce((sum, [, times]) => sum + times, 0);
    let seen = 0;
    for (const [duration, times] of sorted) if ((seen += times) >= p * total) return duration;
    return 0;
  }
}
