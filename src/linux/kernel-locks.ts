import { readProc } from './proc.ts';

/** A lock as the kernel shows it, or a wait for one. */
export interface KernelLock {
  /** Device and inode in the kernel's own spelling: `fe:00:1234`. */
  readonly place: string;
  readonly mode: 'shared' | 'exclusive';
  readonly kind: 'ofd' | 'process';
  readonly waiting: boolean;
  /** Who has it, or -1 for an open-file-description lock, whose owner is not told. */
  readonly pid: number;
}

/** The locks on some files, as one reading of `/proc/locks` shows them. */
export interface Reading {
  readonly locks: ReadonlyMap<string, readonly KernelLock[]>;
  /** How much was read, in bytes. */
  readonly size: number;
  /** Whether that was the whole list. */
  readonly whole: boolean;
}

/** What the kernel's list tells of some files. */
export interface KernelLocks {
  readonly locks: readonly KernelLock[];
  /** Whether these are all. */
  readonly whole: boolean;
}

// 1: OFDLCK ADVISORY  WRITE -1 fe:00:1234 0 EOF
// 1: -> POSIX ADVISORY  READ 4121 fe:00:1234 0 EOF
const LINE = /^(?:lock:)?\s*\d+:\s+(->\s+)?(OFDLCK|POSIX)\s+\S+\s+(READ|WRITE)\s+(-?\d+)\s+(\S+)/;

/** After so many readings a file whose locks change all the time is taken as it was last. */
const MAX_READINGS = 10;

/**
 * How much of the list is read, in bytes: about 20,000 locks. The kernel hands it out in pieces of
 * 4096 bytes, and for each it walks the list again from its beginning: 20,000 locks take a tenth of
 * a second, and 100,000 would take three seconds.
 */
const MAX_SIZE = 1 << 20;

/** How much may be read for the readings to agree. Each is a whole list, the last one included. */
const MAX_TOTAL = 2 * MAX_SIZE;

/**
 * The record locks on files and the waits for them, as far as this pid namespace is shown them
 * (proc_locks(5)). The files are given as `KernelLock.place` has them. On a machine with more than
 * about 20,000 locks the list is not read to its end, and what is given may be wrong in any way that
 * {@linkcode agreeing} tells of.
 */
export function kernelLocks(places: Iterable<string>): KernelLocks {
  const wanted = new Set(places);
  return agreeing(wanted, () => readLocks(wanted));
}

/**
 * Reads until two readings after each other agree on a file. The kernel hands out its list a page
 * at a time, by position: a lock that comes or goes between two pages, on whatever file, shows
 * another one many times or not at all.
 */
export function agreeing(places: Iterable<string>, read: () => Reading): KernelLocks {
  const found: KernelLock[] = [];
  const unsettled = new Set(places);
  let before: Reading['locks'] = new Map();
  let total = 0;
  let whole = true;
  for (let reading = 1; unsettled.size > 0; reading++) {
    const now = read();
    total += now.size;
    whole &&= now.whole;
    const isLast = !whole || reading === MAX_READINGS || total + now.size > MAX_TOTAL;
    for (const place of unsettled) {
      const locks = now.locks.get(place) ?? [];
      const agreed = reading > 1 && areSame(locks, before.get(place) ?? []);
      if (!agreed && !isLast) continue;
      found.push(...locks);
      unsettled.delete(place);
    }
    before = now.locks;
  }
  return { locks: found, whole };
}

function areSame(some: readonly KernelLock[], others: readonly KernelLock[]): boolean {
  return some.length === others.length && some.every((one, index) => {
    const other = others[index]!;
    return one.mode === other.mode && one.kind === other.kind && one.pid === other.pid &&
      one.waiting === other.waiting;
  });
}

function readLocks(wanted: ReadonlySet<string>): Reading {
  const text = readProc('locks', MAX_SIZE);
  const locks = new Map<string, KernelLock[]>();
  for (const line of text.split('\n')) {
    const lock = parseLock(line);
    if (lock === undefined || !wanted.has(lock.place)) continue;
    const others = locks.get(lock.place);
    if (others === undefined) locks.set(lock.place, [lock]);
    else others.push(lock);
  }
  return { locks, size: text.length, whole: text.length < MAX_SIZE };
}

/**
 * Reads one line of `/proc/locks`, or a `lock:` line of `/proc/PID/fdinfo/FD`; `undefined` for
 * another kind of lock, such as flock's.
 */
export function parseLock(line: string): KernelLock | undefined {
  const parts = LINE.exec(line);
  return parts === null ? undefined : {
    waiting: parts[1] !== undefined,
    kind: parts[2] === 'POSIX' ? 'process' : 'ofd',
    mode: parts[3] === 'READ' ? 'shared' : 'exclusive',
    pid: Number(parts[4]),
    place: parts[5]!,
  };
}
