/** How many records of each process are kept. */
const KEPT = 12;
/** For how long those of the dead are kept, in milliseconds. */
const MOURNING = 2000;

/** The last records of everybody who lives, and of those who died a moment ago. */
export class History {
  readonly #records = new Map<string, string[]>();
  readonly #dead = new Map<string, number>();
  #now = 0;

  add(who: string, record: string): void {
    let records = this.#records.get(who);
    if (records === undefined) this.#records.set(who, records = []);
    records.push(`${(this.#now / 1000).toFixed(2)} s  ${record.trimEnd()}`);
    if (records.length > 2 * KEPT) records.splice(0, KEPT);
    // Children end by themselves.
    if (who.includes('/')) this.#dead.set(who, this.#now);
  }

  end(who: string): void {
    this.#dead.set(who, this.#now);
  }

  tick(now: number): void {
    this.#now = now;
    for (const [who, when] of this.#dead) {
      if (now - when < MOURNING) break;
      this.#dead.delete(who);
      this.#records.delete(who);
    }
  }

  *lines(): Generator<string> {
    for (const records of this.#records.values()) yield* [...records.slice(-KEPT), ''];
  }
}
