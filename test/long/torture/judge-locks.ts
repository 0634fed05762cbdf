/** A lock as the records tell of it. */
export interface StampedLock {
  readonly key: string;
  readonly file: number;
  readonly inode: string;
  exclusive: boolean;
  readonly start: number;
  readonly end: number;
  /** Who has it: its owner, and the children that inherited it. */
  readonly holders: Set<string>;
}

/** The locks that are held at one point of the records. */
export class StampedLocks {
  readonly #byKey = new Map<string, StampedLock>();
  readonly #byInode = new Map<string, Set<StampedLock>>();
  readonly #byHolder = new Map<string, Set<StampedLock>>();
  readonly #byFile = new Map<number, number>();
  readonly #onChange: (file: number) => void;

  /** `onChange` is told when a lock of a file begins or ends. */
  constructor(onChange: (file: number) => void) {
    this.#onChange = onChange;
  }

  get(key: string): StampedLock | undefined {
    return this.#byKey.get(key);
  }

  /** How many locks there are on a file and on what it was before. */
  on(file: number): number {
    return this.#byFile.get(file) ?? 0;
  }

  get all(): Iterable<StampedLock> {
    return this.#byKey.values();
  }

  /** Whether a process has any. */
  has(who: string): boolean {
    return this.#byHolder.has(who);
  }

  add(lock: StampedLock): void {
    this.#byKey.set(lock.key, lock);
    setIn(this.#byInode, lock.inode).add(lock);
    for (const who of lock.holders) setIn(this.#byHolder, who).add(lock);
    this.#byFile.set(lock.file, this.on(lock.file) + 1);
    this.#onChange(lock.file);
  }

  /** Those with which this one should not go together. */
  against(lock: StampedLock): StampedLock[] {
    return [...this.#byInode.get(lock.inode)!].filter((other) =>
      other !== lock && (lock.exclusive || other.exclusive) &&
      lock.start < other.end && other.start < lock.end
    );
  }

  join(lock: StampedLock, who: string): void {
    lock.holders.add(who);
    setIn(this.#byHolder, who).add(lock);
  }

  /** A holder lets go; the lock ends with the last of them. */
  leave(lock: StampedLock, who: string): void {
    lock.holders.delete(who);
    const others = this.#byHolder.get(who);
    others?.delete(lock);
    if (others?.size === 0) this.#byHolder.delete(who);
    if (lock.holders.size > 0) return;
    this.#byKey.delete(lock.key);
    const rest = this.#byInode.get(lock.inode)!;
    rest.delete(lock);
    if (rest.size === 0) this.#byInode.delete(lock.inode);
    this.#byFile.set(lock.file, this.on(lock.file) - 1);
    this.#onChange(lock.file);
  }

  /** A process has gone, and what it held with it. */
  leaveAll(who: string): void {
    for (const lock of [...this.#byHolder.get(who) ?? []]) this.leave(lock, who);
  }
}

function setIn<K, V>(map: Map<K, Set<V>>, key: K): Set<V> {
  let found = map.get(key);
  if (found === undefined) map.set(key, found = new Set());
  return found;
}
