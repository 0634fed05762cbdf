/** Numbers that look random, and are the same ones again for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1, which it never is. */
  next(): number {
    // A counter that goes round through all 2 ** 32 values in big steps, and a hash of it.
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let hash = this.#state;
    hash = Math.imul(hash ^ (hash >>> 16), 0x21f0aaad);
    hash = Math.imul(hash ^ (hash >>> 15), 0x735a2d97);
    return ((hash ^ (hash >>> 15)) >>> 0) / 2 ** 32;
  }

  /** One of them. */
  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.next() * from.length)]!;
  }

  /** The same in another order. */
  shuffle<T>(all: readonly T[]): T[] {
    return all.map((one) => ({ one, key: this.next() }))
      .sort((a, b) => a.key - b.key)
      .map(({ one }) => one);
  }
}

/** A seed for whoever has not been given one. */
export function anySeed(): number {
  return Math.floor(Math.random() * 2 ** 32);
}
