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

// 1: OFDLCK ADVISORY  WRITE -1 fe:00:1234 0 EOF
// 1: -> POSIX ADVISORY  READ 4121 fe:00:1234 0 EOF
const LINE =
  /^\s*\d+:\s+(?<arrow>->\s+)?(?<type>OFDLCK|POSIX)\s+\S+\s+(?<access>READ|WRITE)\s+(?<pid>-?\d+)\s+(?<place>\S+)/;

/** After so many readings a file whose locks change all the time is taken as it was last. */
const MAX_READINGS = 10;

/**
 * The record locks on files and the waits for them, as far as this pid namespace is shown them
 * (proc_locks(5)). The files are given as `KernelLock.place` has them.
 */
export function kernelLocks(places: Iterable<string>): KernelLock[] {
  return agreeing(places, readLocks);
}

/**
 * Reads until two readings after each other agree on a file. The kernel hands out its list a page
 * at a time, by position: a lock that comes or goes between two pages, on whatever file, shows
 * another one many times or not at all.
 */
export function agreeing(
  places: Iterable<string>,
  read: () => ReadonlyMap<string, readonly KernelLock[]>,
): KernelLock[] {
  const found: KernelLock[] = [];
  const unsettled = new Set(places);
  let before: ReturnType<typeof read> = new Map();
  for (let reading = 1; unsettled.size > 0; reading++) {
    const now = read();
    for (const place of unsettled) {
      const locks = now.get(place) ?? [];
      const agreed = reading > 1 &&
        JSON.stringify(locks) === JSON.stringify(before.get(place) ?? []);
      if (!agreed && reading < MAX_READINGS) continue;
      found.push(...locks);
      unsettled.delete(place);
    }
    before = now;
  }
  return found;
}

function readLocks(): Map<string, KernelLock[]> {
  const found = new Map<string, KernelLock[]>();
  for (const line of readProc('locks').split('\n')) {
    const lock = parseLock(line);
    if (lock === undefined) continue;
    const others = found.get(lock.place);
    if (others === undefined) found.set(lock.place, [lock]);
    else others.push(lock);
  }
  return found;
}

/** Reads one line; `undefined` for another kind of lock, such as flock's. */
export function parseLock(line: string): KernelLock | undefined {
  const parts = LINE.exec(line)?.groups;
  return parts && {
    place: parts.place!,
    mode: parts.access === 'READ' ? 'shared' : 'exclusive',
    kind: parts.type === 'POSIX' ? 'process' : 'ofd',
    waiting: parts.arrow !== undefined,
    pid: Number(parts.pid),
  };
}
