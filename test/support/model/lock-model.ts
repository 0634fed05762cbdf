import type { LockMode, LockRange } from '../../../src/mod.ts';

/** Who can have locks: two engines of this process, and another process. */
export type Who = 'first' | 'second' | 'outside';

/** A lock, or the wish for one. */
export interface Claim {
  readonly who: Who;
  /** Not a path: a file that has been replaced is another one. */
  readonly file: number;
  mode: LockMode;
  readonly range: LockRange;
}

/** A claim that has been granted. */
export type Held = Claim;

/** A claim that has not. */
export interface Wait extends Claim {
  /** The lock that shall become exclusive, if it is one already. */
  readonly upgraded?: Held | undefined;
  /** The waits that an upgrade may have come too late to go before: the kernel decides on them. */
  readonly earlier?: ReadonlySet<Wait> | undefined;
}

/**
 * What locks must do, in a few plain rules and without any file:
 *
 * - Two that conflict are never held at the same time.
 * - Whoever has a conflicting wait of the same engine before it waits; upgrades come before all but
 *   those who are in the kernel already.
 * - Everybody else who can have the lock gets it, at some time at least. Whether that is at once,
 *   and which of several engines gets it, is for others to say.
 */
export class LockModel {
  readonly held = new Set<Held>();
  /** In the order in which they were asked for. */
  readonly waiting = new Set<Wait>();
  /** Which file lies at each path. */
  readonly #current: number[];
  /** Who has had to do with a file since nobody did. */
  readonly #users = new Map<number, Set<Who>>();
  #files: number;

  constructor(paths: number) {
    this.#current = Array.from({ length: paths }, (_, path) => path);
    this.#files = paths;
  }

  /** The file that lies at a path now. */
  at(path: number): number {
    return this.#current[path]!;
  }

  /** Puts a new file in the place of the one at a path. */
  replace(path: number): void {
    this.#current[path] = this.#files++;
  }

  /** Whether a path leads to the file. */
  isThere({ file }: Claim): boolean {
    return this.#current.includes(file);
  }

  /** All locks that conflict with a claim. */
  obstacles(claim: Wait): Held[] {
    return [...this.held].filter((held) => held !== claim.upgraded && conflict(held, claim));
  }

  /** Whether a claim of an engine has to stand behind others of the same engine. */
  isBehind(claim: Wait): boolean {
    return this.#before(claim).some((other) => conflict(other, claim));
  }

  /** The waits that nothing is in the way of: they are about to end. */
  due(): Wait[] {
    return [...this.waiting].filter((wait) => this.isDue(wait));
  }

  isDue(wait: Wait): boolean {
    return this.obstacles(wait).length === 0 && !this.isBehind(wait);
  }

  /** The waits that may end although an upgrade has come before them. */
  uncertain(): Wait[] {
    return [...this.waiting].filter((wait) => this.isBehind(wait) && this.#mayBeGranted(wait));
  }

  hold(claim: Claim): Held {
    if (this.obstacles(claim).length > 0) throw new Error(`${text(claim)} conflicts`);
    const held = { ...claim };
    this.held.add(held);
    this.#use(claim);
    return held;
  }

  wait(claim: Claim, upgraded?: Held): Wait {
    const wait = { ...claim, upgraded, earlier: upgraded && new Set(this.#inKernel(claim)) };
    this.waiting.add(wait);
    this.#use(claim);
    return wait;
  }

  /** A wait ends with the lock. */
  grant(wait: Wait): Held {
    const obstacles = this.obstacles(wait);
    if (obstacles.length > 0) throw new Error(`${text(wait)} conflicts with ${text(...obstacles)}`);
    if (!this.#mayBeGranted(wait)) throw new Error(`it is not the turn of ${text(wait)}`);
    this.waiting.delete(wait);
    const { upgraded, earlier: _, ...claim } = wait;
    if (upgraded === undefined) {
      if (!this.isThere(wait)) throw new Error(`${text(wait)} is for a file that is gone`);
      return this.hold(claim);
    }
    upgraded.mode = 'exclusive';
    return upgraded;
  }

  /** Whether nobody else has had to do with the file since the last {@linkcode forget}. */
  isPrivate({ who, file }: Claim): boolean {
    return [...this.#users.get(file) ?? []].every((user) => user === who);
  }

  /** Has the past forgotten of files that nobody holds or waits for. */
  forget(): void {
    const used = new Set([...this.held, ...this.waiting].map(({ file }) => file));
    for (const file of this.#users.keys()) if (!used.has(file)) this.#users.delete(file);
  }

  /** The waits of the same engine for the same file that may be in the kernel. */
  #inKernel({ who, file }: Claim): Wait[] {
    return [...this.waiting].filter((wait) =>
      wait.who === who && wait.file === file && !this.isBehind(wait) &&
      !this.obstacles(wait).some((held) => held.who === who)
    );
  }

  #mayBeGranted(wait: Wait): boolean {
    const ahead = this.#before(wait).filter((other) => conflict(other, wait));
    return this.obstacles(wait).length === 0 && ahead.every(({ earlier }) => earlier?.has(wait));
  }

  #before(claim: Wait): Wait[] {
    const before: Wait[] = [];
    let passed = false;
    for (const wait of this.waiting) {
      passed ||= wait === claim;
      if (wait === claim || wait.who !== claim.who || wait.file !== claim.file) continue;
      const [theirs, ours] = [wait, claim].map(({ upgraded }) => upgraded !== undefined);
      if (theirs === ours ? !passed : theirs) before.push(wait);
    }
    return before;
  }

  #use({ who, file }: Claim): void {
    const users = this.#users.get(file);
    if (users === undefined) this.#users.set(file, new Set([who]));
    else users.add(who);
  }
}

/** Claims in words, for messages. */
export function text(...claims: Wait[]): string {
  return claims.map(({ who, file, mode, range: { start, length }, upgraded }) =>
    `${upgraded ? 'upgrade' : mode} ${who} file ${file} ${start}+${length}`
  ).join(', ');
}

/** Whether the two cannot be held at the same time. */
export function conflict(a: Claim, b: Claim): boolean {
  const end = ({ start, length }: LockRange): number => length === 0 ? Infinity : start + length;
  if (a.file !== b.file || a.mode === 'shared' && b.mode === 'shared') return false;
  return a.range.start < end(b.range) && b.range.start < end(a.range);
}
