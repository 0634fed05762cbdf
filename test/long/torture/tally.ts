/** Counts what has been done, and knows what must have been. */
export class Tally {
  readonly #counts = new Map<string, Map<string, number>>();
  /** All locks that were granted. */
  grants = 0;

  add(table: string, what: string, times = 1): void {
    let counts = this.#counts.get(table);
    if (counts === undefined) this.#counts.set(table, counts = new Map());
    counts.set(what, (counts.get(what) ?? 0) + times);
  }

  grant(kind: string, how: string, isRange: boolean): void {
    this.grants++;
    this.add('acquisitions', kind);
    this.add(`of ${kind}`, how);
    if (isRange) this.add('acquisitions', 'of a range');
  }

  get(table: string, what: string): number {
    return this.#counts.get(table)?.get(what) ?? 0;
  }

  /** All in one table. */
  sum(table: string): number {
    return [...this.#counts.get(table)?.values() ?? []].reduce((sum, count) => sum + count, 0);
  }

  *lines(): Generator<string> {
    for (const [table, counts] of [...this.#counts].sort()) {
      const cells = [...counts].sort().map(([what, count]) => `${count} ${what}`);
      yield `  ${table.padEnd(13)} ${cells.join(', ')}`;
    }
  }

  /** What should have happened and has not. */
  missing(needed: ReadonlyMap<string, readonly string[]>): string[] {
    return [...needed].flatMap(([table, all]) =>
      all.filter((what) => this.get(table, what) === 0)
        .map((what) => `never happened: ${table}: ${what}`)
    );
  }
}
