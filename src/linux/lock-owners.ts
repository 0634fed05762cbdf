import { type CountedLock, descriptorInfo, placeOf } from './descriptor-info.ts';
import { Devices } from './devices.ts';
import { type KernelLock, kernelLocks } from './kernel-locks.ts';
import { blockedLockCalls, callFilesOf } from './lock-waiters.ts';
import { infoOf, type Open, openIn } from './open-of.ts';
import { readProc, runningPids } from './proc.ts';
import { Trusting } from './process-state.ts';
import { readApart } from './read-apart.ts';
import { Waits } from './waits.ts';

/** A process that has a lock on a file, or waits for one. */
export interface LockOwner {
  /** Device and inode, as `Status.identity` has them. */
  readonly file: string;
  readonly pid: number;
  /** The program's name, as in `/proc/PID/comm`. */
  readonly command: string;
  /** Left out where a waiter's cannot be told. */
  readonly mode?: 'shared' | 'exclusive';
  readonly kind: 'ofd' | 'process';
  readonly waiting: boolean;
}

/** The same without the process, which cannot be seen from here. */
export type UnseenOwner = Omit<LockOwner, 'pid' | 'command'>;

/** What can be found out about the locks on some files. */
export interface LockOwners {
  readonly owners: readonly LockOwner[];
  /**
   * So many more, which belong to processes that cannot be seen: about so many where locks come and
   * go all the time, since the kernel's list may show one twice then, or not at all.
   */
  readonly unseen: readonly UnseenOwner[];
  /**
   * Whether the kernel's list was read to its end. It is not where the machine has more than about
   * 20,000 locks: what cannot be seen in `/proc/PID` is missing then, as are most waiters' modes.
   */
  readonly whole: boolean;
}

/**
 * Finds the processes that hold locks on files or wait for them, by what the kernel shows of their
 * descriptors (`/proc/PID/fdinfo`, proc(5)) and of the calls in which they sit: of an
 * open-file-description lock `/proc/locks` and `F_OFD_GETLK` do not name the owner. `/proc/locks`
 * completes it: it names the owners of process-associated locks, also other users', shows that there
 * are others, and has the modes for which somebody waits.
 */
export function findLockOwners(files: ReadonlySet<string>): LockOwners {
  const first = new Look(files).result();
  // Somebody may have let go, or come, between two files that were read. Whoever is seen neither
  // time is there and hidden.
  return first.unseen.length === 0 ? first : new Look(files).result();
}

/**
 * The descriptors of one process on one file that are read about, once one was found that has a lock.
 * The kernel goes through all locks of the file for each, so that for 10,000 readers in a process it
 * would take seconds.
 */
const MAX_MORE = 16;

/** The same for a process of somebody else's, whether it has a lock or not; and how many of its threads. */
const MAX_FOREIGN = 64;
const MAX_THREADS = 1000;

/** One look at all processes, and then at what the kernel lists. */
class Look {
  readonly #files: ReadonlySet<string>;
  /** The kernel's name of a file, since some filesystems show statx(2) another device. */
  readonly #places: Map<string, string>;
  /** A process may well have the same lock on several descriptors, or on several ranges. */
  readonly #owners = new Map<string, LockOwner>();
  readonly #unseen: UnseenOwner[] = [];
  /** How often each lock was seen, to be compared with how often the kernel lists it. */
  readonly #seen = new Map<string, number>();
  readonly #waits = new Waits();
  readonly #commands = new Map<number, string | undefined>();
  readonly #devices = new Devices();
  readonly #trusting = new Trusting();
  /** Files of which not all descriptors were read about, so that nobody can be missed. */
  readonly #uncounted = new Set<string>();

  constructor(files: ReadonlySet<string>) {
    this.#files = files;
    this.#places = new Map([...files].map((file) => {
      const [major, minor, inode] = file.split(':');
      return [placeOf(major!, minor!, inode!), file];
    }));
  }

  result(): LockOwners {
    const foreign: Open[] = [];
    for (const pid of runningPids()) {
      const trust = this.#trusting.of(pid);
      if (trust === 'in exec') continue;
      const all = openIn(pid, this.#files);
      if (trust === 'ours') this.#lookAt(all, callFilesOf, readProc);
      else foreign.push(...this.#some(all));
    }
    const calls = new Map(
      [...new Set(foreign.map(({ pid }) => pid))].map((pid) => [pid, callFilesOf(pid)]),
    );
    // All of one process together: if it keeps the reader, the rest of it is left out.
    const texts = readApart(
      [...calls].flatMap(([pid, files]) => [
        ...foreign.filter((open) => open.pid === pid).map(infoOf),
        ...files.slice(0, MAX_THREADS),
      ]),
    );
    this.#lookAt(foreign, (pid) => calls.get(pid)!, (path) => texts.get(path) ?? '');
    const { locks, whole } = kernelLocks(this.#places.keys());
    for (const lock of locks) this.#compare(lock, whole);
    for (const { count, pid, ...what } of this.#waits.tell(whole)) {
      const owner = { ...what, waiting: true };
      if (pid > 0 && this.#addOwner(pid, owner)) continue;
      for (let index = 0; index < count; index++) this.#unseen.push(owner);
    }
    return { owners: [...this.#owners.values()], unseen: this.#unseen, whole };
  }

  /** As many descriptors of a process on each file as are read about where it may be hostile. */
  #some(all: readonly Open[]): Open[] {
    const counts = new Map<string, number>();
    return all.filter(({ file }) => {
      const count = (counts.get(file) ?? 0) + 1;
      counts.set(file, count);
      if (count > MAX_FOREIGN) this.#uncounted.add(file);
      return count <= MAX_FOREIGN;
    });
  }

  #lookAt(
    all: readonly Open[],
    callsOf: (pid: number) => readonly string[],
    read: (path: string) => string,
  ): void {
    const withLocks = new Map<string, number>();
    for (const open of all) {
      const key = `${open.pid} ${open.file}`;
      const count = withLocks.get(key) ?? 0;
      if (count > MAX_MORE) {
        this.#uncounted.add(open.file);
        continue;
      }
      const { locks } = descriptorInfo(read(infoOf(open)));
      for (const lock of locks) this.#addLock(open.file, open.pid, lock);
      if (count > 0 || locks.length > 0) withLocks.set(key, count + 1);
    }
    for (const pid of new Set(all.map(({ pid }) => pid))) {
      const calls = blockedLockCalls(callsOf(pid), read);
      if (calls.length === 0) continue;
      const byFd = new Map(all.filter((open) => open.pid === pid).map((open) => [open.fd, open]));
      for (const { fd, kind } of calls) {
        const open = byFd.get(fd);
        if (open !== undefined) this.#addWait(open, kind, read(infoOf(open)));
      }
    }
  }

  #addWait({ file, pid }: Open, kind: LockOwner['kind'], text: string): void {
    const { access, mount, inode } = descriptorInfo(text);
    // A waiter's descriptor need not have a lock, which would tell it.
    const name = this.#devices.placeOf(pid, mount, inode);
    if (name !== undefined) this.#places.set(name, file);
    this.#waits.addSeen({ file, kind, pid, access });
  }

  #addLock(file: string, pid: number, { place, mode, kind, count }: CountedLock): void {
    this.#places.set(place, file);
    const what = { file, mode, kind, waiting: false };
    // It has ended since: if somebody else has inherited the lock, the kernel's list shows it.
    if (!this.#addOwner(pid, what)) return;
    const key = kernelKey(what, pid);
    this.#seen.set(key, (this.#seen.get(key) ?? 0) + count);
  }

  #compare({ place, pid, ...lock }: KernelLock, whole: boolean): void {
    const what = { ...lock, file: this.#places.get(place)! };
    if (what.waiting) return this.#waits.addListed(what, pid);
    const key = kernelKey(what, pid);
    const left = this.#seen.get(key) ?? 0;
    this.#seen.set(key, left - 1);
    if (left > 0 || (pid > 0 && this.#addOwner(pid, what))) return;
    // A part of the list may show a lock many times.
    if (whole && !this.#uncounted.has(what.file)) this.#unseen.push(what);
  }

  /** Gives `false` for a process that cannot be seen. */
  #addOwner(pid: number, what: UnseenOwner): boolean {
    const key = `${pid} ${what.file} ${what.mode} ${what.kind} ${what.waiting}`;
    if (this.#owners.has(key)) return true;
    const command = this.#commandOf(pid);
    if (command === undefined) return false;
    this.#owners.set(key, { ...what, pid, command });
    return true;
  }

  /** Gives `undefined` for a process that there is not; a process may have no name. */
  #commandOf(pid: number): string | undefined {
    if (!this.#commands.has(pid)) {
      // It may end with blanks of its own.
      const [, command] = /^(.*)\n$/s.exec(readProc(`${pid}/comm`)) ?? [];
      this.#commands.set(pid, command);
    }
    return this.#commands.get(pid);
  }
}

/** What the kernel's list tells of it, which for an open-file-description lock is not the process. */
function kernelKey({ file, mode, kind }: UnseenOwner, pid: number): string {
  return `${file} ${mode} ${kind === 'ofd' ? '' : pid}`;
}
