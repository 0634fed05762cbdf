import { type Claim, conflict, covers, overlap } from './claim.ts';
import { Line, type LineRules } from './line.ts';
import type { Lock } from './lock.ts';
import type { LockRange } from './lock-options.ts';
import type { LockedFiles } from './locked-files.ts';
import type { Waiter } from './waiter.ts';

/** What one engine knows about one file: which locks it holds on it, and who waits for it. */
export class LockedFile {
  readonly #files: LockedFiles;
  /** The file's device and inode. */
  readonly key: string;
  /** Most files have one lock at a time, and most of those nobody who waits. */
  #holder: Lock | undefined;
  #others: Set<Lock> | undefined;
  /** How many of them are exclusive. */
  #exclusive = 0;
  #line: Line | undefined;

  /** `files` is told to forget `key` when nobody holds or waits for the file any more. */
  constructor(files: LockedFiles, key: string) {
    this.#files = files;
    this.key = key;
  }

  /** Those who wait, if anybody does. */
  get line(): Line | undefined {
    return this.#line;
  }

  /** Whether nobody holds or waits for it. */
  get unused(): boolean {
    return this.#holder === undefined && !this.#others?.size && (this.#line?.empty ?? true);
  }

  /** The line, to join it. */
  lineFor(rules: LineRules): Line {
    return this.#line ??= new Line(this, rules);
  }

  /** Notes that a lock has been granted. */
  add(lock: Lock): void {
    if (this.#holder === undefined) this.#holder = lock;
    else (this.#others ??= new Set()).add(lock);
    if (lock.mode === 'exclusive') this.#exclusive++;
  }

  /** Notes that a lock has ended, and lets in who waited for that. */
  remove(lock: Lock): void {
    if (this.#holder === lock) this.#holder = undefined;
    else this.#others!.delete(lock);
    if (lock.mode === 'exclusive') this.#exclusive--;
    this.#line?.advance(lock.range);
    this.dropIfUnused();
  }

  /** Notes that a lock has changed to its present mode, and lets in who waited for that. */
  modeChanged(lock: Lock): void {
    if (lock.mode === 'exclusive') {
      this.#exclusive++;
    } else {
      this.#exclusive--;
      this.#line?.advance(lock.range);
    }
  }

  /** Tells whether a lock of this engine, other than `own`, is in the way. */
  isTaken(claim: Claim, own: Lock | undefined): boolean {
    if (claim.mode === 'shared' && this.#exclusive === 0) return false;
    return this.#some((lock) => lock !== own && conflict(claim, lock));
  }

  /** Tells whether an exclusive lock of this engine is on all of these bytes. */
  isClosed(range: LockRange): boolean {
    return this.#exclusive > 0 &&
      this.#some((lock) => lock.mode === 'exclusive' && covers(lock.range, range));
  }

  /** Tells whether this engine has a shared lock on some of these bytes. */
  isShared(range: LockRange): boolean {
    return this.#some((lock) => lock.mode === 'shared' && overlap(range, lock.range));
  }

  /**
   * The locks other than `own` that are in the way of a claim; if none is, those in the way of the
   * waiter behind whom it is, of `last` and those before.
   */
  inTheWay(claim: Claim, own: Lock | undefined, last: Waiter | undefined): Lock[] {
    const found: Lock[] = [];
    this.#some((lock) => {
      if (lock !== own && conflict(claim, lock)) found.push(lock);
      return false;
    });
    if (found.length > 0) return found;
    let other = last;
    while (other !== undefined && !conflict(other.want, claim)) other = other.previous;
    return other === undefined ? [] : this.inTheWay(other.want, other.upgraded, other.previous);
  }

  /** Has the file forgotten when nothing is left to know about it. */
  dropIfUnused(): void {
    if (this.unused) this.#files.retire(this);
  }

  #some(test: (lock: Lock) => boolean): boolean {
    if (this.#holder !== undefined && test(this.#holder)) return true;
    for (const lock of this.#others ?? []) if (test(lock)) return true;
    return false;
  }
}
