import { EINTR } from '../linux/errno.ts';
import { type Claim, conflict, covers, overlap, union } from './claim.ts';
import { isBusy } from './description.ts';
import type { LockRange } from './lock-options.ts';
import type { LockedFile } from './locked-file.ts';
import type { Waiter } from './waiter.ts';
import type { Waits } from './waits.ts';

/**
 * For how long a lock is left to other processes after {@linkcode LineRules.maxHandOvers}, in
 * milliseconds: many times what the kernel takes to wake one that waits.
 */
const RECESS = 1;

/** What holds for all lines of an engine. */
export interface LineRules {
  /** Where those wait who are next in line, while somebody else is in their way. */
  readonly waits: Waits;
  /** The most times in a row that a lock is handed over inside the engine. */
  readonly maxHandOvers: number;
  /** Called for every lock that is handed over inside the engine. */
  readonly onHandOver: () => void;
}

/**
 * Who waits for one file: first in, first out, but for upgrades, which come first, because nobody
 * who conflicts with them can get past the lock that they have.
 *
 * As long as a lock of this engine or an earlier waiter is in its way, a waiter is in no other
 * place, and nothing but this line wakes it. When that is over it tries. If somebody else turns out
 * to hold the file, it waits in the kernel, and keeps its place here.
 */
export class Line {
  readonly #file: LockedFile;
  readonly #rules: LineRules;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  /** How many of them want the lock for themselves. */
  #writers = 0;
  /** How many of them are in the kernel. */
  #inKernel = 0;
  /** Grants in a row that the kernel had no part in. */
  #handOvers = 0;
  #recess: ReturnType<typeof setTimeout> | undefined;
  #closing = false;

  constructor(file: LockedFile, rules: LineRules) {
    this.#file = file;
    this.#rules = rules;
  }

  /** Whether nobody waits. */
  get empty(): boolean {
    return this.#first === undefined;
  }

  /** Who came last. */
  get last(): Waiter | undefined {
    return this.#last;
  }

  /** All that wait, the next one first. */
  *[Symbol.iterator](): Generator<Waiter> {
    for (let waiter = this.#first; waiter !== undefined; waiter = waiter.next) yield waiter;
  }

  /** Tells whether one that came now would have to wait behind another one. */
  isAhead(claim: Claim): boolean {
    if (claim.mode === 'shared' && this.#writers === 0) return false;
    for (let other = this.#first; other !== undefined; other = other.next) {
      if (conflict(other.want, claim)) return true;
    }
    return false;
  }

  /** Has a waiter join the line, which may be its turn at once. */
  join(waiter: Waiter): void {
    waiter.line = this;
    waiter.state = 'queued';
    this.#insert(waiter);
    this.#proceed(waiter);
    this.#file.dropIfUnused();
  }

  /** Lets in whoever can be let in now that these bytes have been left. */
  advance(freed: LockRange): void {
    // Thousands may give up at once while nobody can be let in.
    if (this.#first?.upgraded === undefined && this.#file.isClosed(freed)) return;
    let left = freed;
    for (let waiter = this.#first; waiter !== undefined;) {
      const { state, line, upgraded, want: { mode, range } } = waiter;
      if (line !== this || (state !== 'gone' && overlap(range, left) && !this.#proceed(waiter))) {
        // It has gone without the lock, perhaps on to another line: its place is free as well.
        left = union(left, range);
        waiter = this.#first;
        continue;
      }
      // Then it is in the way of everybody else who wants some of these bytes.
      const inTheWay = state !== 'gone' && mode === 'exclusive' && covers(range, left);
      // But for other upgrades of the same lock.
      if (inTheWay && upgraded === undefined) return;
      waiter = waiter.next;
    }
  }

  /** Lets nobody in any more: all are about to give up, one after the other. */
  close(): void {
    this.#closing = true;
  }

  /** Has a waiter leave that gives up, as soon as nobody uses its descriptor any more. */
  giveUp(waiter: Waiter): void {
    if (waiter.state === 'queued') waiter.left(EINTR, false);
    else if (waiter.state === 'in the kernel') this.#rules.waits.giveUp(waiter);
  }

  /** Ends the place of a waiter, with what `KernelWait.left` was told. */
  leave(waiter: Waiter, errno: number, atPath: boolean): void {
    if (waiter.state === 'gone') return;
    const inKernel = waiter.state === 'in the kernel';
    this.#remove(waiter);
    if (waiter.ended(errno, atPath) && inKernel) this.#handOvers = 1;
    // Those behind it can go if it gave up, and if they are readers as it was.
    const alone = waiter.want.mode === 'shared' && !inKernel && this.#writers === 0;
    if (!alone) this.advance(waiter.want.range);
    this.#file.dropIfUnused();
  }

  /** Lets a waiter try if it is its turn; tells whether it waits on, or holds the lock now. */
  #proceed(waiter: Waiter): boolean {
    const { description, want, giveUp } = waiter;
    if (this.#closing || this.#recess !== undefined || giveUp.due) return true;
    if (waiter.state !== 'queued' || this.#file.isTaken(want, waiter.upgraded)) return true;
    if (this.#isBehind(waiter)) return true;
    // Readers that go together are one turn.
    const turn = want.mode === 'exclusive' || !this.#file.isShared(want.range);
    if (turn && this.#handOvers >= this.#rules.maxHandOvers) {
      this.#beginRecess();
      return true;
    }
    const errno = description.trySet(want.mode, want.range);
    if (isBusy(errno)) {
      this.#handOvers = 0;
      waiter.state = 'in the kernel';
      this.#inKernel++;
      this.#rules.waits.until(waiter);
      // It may have got the lock at once, on a file that is replaced, and waits in another line by now.
      return waiter.line === this;
    }
    if (turn) this.#handOvers++;
    this.#remove(waiter);
    const held = waiter.ended(errno, false);
    if (held) this.#rules.onHandOver();
    return held;
  }

  /** Whether somebody must go before it, or goes and will take it along. */
  #isBehind(waiter: Waiter): boolean {
    const { mode, range } = waiter.want;
    if (mode === 'shared' && this.#writers === 0 && this.#inKernel === 0) return false;
    for (let other = this.#first; other !== waiter; other = other!.next) {
      const { want, state } = other!;
      if (conflict(want, waiter.want)) return true;
      // Of readers of the same bytes one waits in the kernel for all.
      const same = want.range.start === range.start && want.range.length === range.length;
      if (same && state === 'in the kernel') return true;
    }
    return false;
  }

  /**
   * Leaves the lock to the kernel for a moment. Were the next in line to try as soon as the lock is
   * free, it would always come before a process that the kernel has yet to wake.
   */
  #beginRecess(): void {
    const end = performance.now() + RECESS;
    const rest = (): void => {
      // Timers count from when the event loop last looked at the clock, which may be long ago.
      if (performance.now() < end) return void (this.#recess = setTimeout(rest, RECESS));
      this.#recess = undefined;
      this.#handOvers = 0;
      this.advance({ start: 0, length: 0 });
      this.#file.dropIfUnused();
    };
    this.#recess = setTimeout(rest, RECESS);
  }

  #insert(waiter: Waiter): void {
    let after = this.#last;
    if (waiter.upgraded !== undefined) {
      while (after !== undefined && after.upgraded === undefined) after = after.previous;
    }
    waiter.previous = after;
    waiter.next = after === undefined ? this.#first : after.next;
    if (waiter.next === undefined) this.#last = waiter;
    else waiter.next.previous = waiter;
    if (after === undefined) this.#first = waiter;
    else after.next = waiter;
    if (waiter.want.mode === 'exclusive') this.#writers++;
  }

  #remove(waiter: Waiter): void {
    const { previous, next } = waiter;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    if (waiter.want.mode === 'exclusive') this.#writers--;
    if (waiter.state === 'in the kernel') this.#inKernel--;
    waiter.state = 'gone';
  }
}
