import { openDirectory } from './directory.ts';
import { fileCalls } from './file-calls.ts';
import { kernelLocks, parseLock } from './kernel-locks.ts';
import { list, nameText } from './listing.ts';
import { blockedLockCalls } from './lock-waiters.ts';
import { readProc, runningPids } from './proc.ts';
import { Status } from './status.ts';

/** A process that has a lock on a file, or waits for one. */
export interface LockOwner {
  /** Device and inode, as `Status.identity` has them. */
  readonly file: string;
  readonly pid: number;
  /** The program's name, as in `/proc/PID/comm`. */
  readonly command: string;
  readonly mode: 'shared' | 'exclusive';
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
}

/**
 * Finds the processes that hold locks on files or wait for them, by what the kernel shows of their
 * descriptors (`/proc/PID/fdinfo`, proc(5)) and of the calls in which they sit: of an
 * open-file-description lock `/proc/locks` and `F_OFD_GETLK` do not name the owner. `/proc/locks`
 * completes it: it names the owners of process-associated locks, also other users', and shows that
 * there are others.
 */
export function findLockOwners(files: ReadonlySet<string>): LockOwners {
  const first = look(files);
  // Somebody may have let go, or come, between two files that were read. Whoever is seen neither
  // time is there and hidden.
  return first.unseen.length === 0 ? first : look(files);
}

function look(files: ReadonlySet<string>): LockOwners {
  const owners: LockOwner[] = [];
  // The kernel's name of a file, since some filesystems show statx(2) another device.
  const places = new Map([...files].map((file) => [placeOf(file), file]));
  // How often each was seen, to be compared with what the kernel shows of it.
  const seen = new Map<string, number>();
  for (const pid of runningPids()) {
    const found = ofProcess(pid, files, places);
    // A process may well have the same lock on several descriptors.
    owners.push(...new Map(found.map((owner) => [keyOf(owner), owner])).values());
    for (const owner of found) seen.set(keyOf(owner), (seen.get(keyOf(owner)) ?? 0) + 1);
  }
  const unseen: UnseenOwner[] = [];
  for (const { place, pid, ...what } of kernelLocks(places.keys())) {
    const file = places.get(place)!;
    const owner = { file, pid, ...what };
    const left = seen.get(keyOf(owner)) ?? 0;
    seen.set(keyOf(owner), left - 1);
    if (left > 0) continue;
    // A process that has it on two ranges is one owner.
    if (what.kind === 'process' && owners.some((other) => keyOf(other) === keyOf(owner))) continue;
    const command = pid > 0 ? commandOf(pid) : '';
    if (command === '') unseen.push({ file, ...what });
    else owners.push({ ...owner, command });
  }
  return { owners, unseen };
}

/** What the kernel tells of it, which for an open-file-description lock is not the process. */
function keyOf({ file, pid, mode, kind, waiting }: Omit<LockOwner, 'command'>): string {
  return `${file} ${mode} ${kind} ${waiting} ${kind === 'ofd' ? '' : pid}`;
}

function ofProcess(
  pid: number,
  files: ReadonlySet<string>,
  places: Map<string, string>,
): LockOwner[] {
  const descriptors = openDirectory(`/proc/${pid}/fd`);
  // It has ended, or is not ours to look at.
  if (descriptors < 0) return [];
  const status = new Status();
  const found: Omit<LockOwner, 'command'>[] = [];
  const open = new Map<number, string>();
  const listing = list(descriptors);
  // Most descriptors are none of these files, so their names stay where the kernel has put them.
  while (typeof listing !== 'number' && listing.next()) {
    if (status.behind(descriptors, listing.name) !== 0 || !files.has(status.identity)) continue;
    const file = status.identity;
    const fd = nameText(listing.nameBytes);
    open.set(Number(fd), file);
    for (const line of readProc(`${pid}/fdinfo/${fd}`).split('\n')) {
      const lock = line.startsWith('lock:') ? parseLock(line.slice('lock:'.length)) : undefined;
      if (lock === undefined) continue;
      places.set(lock.place, file);
      found.push({ file, pid, mode: lock.mode, kind: lock.kind, waiting: false });
    }
  }
  fileCalls().close(descriptors);
  if (open.size === 0) return [];
  for (const { fd, mode, kind } of blockedLockCalls(pid)) {
    const file = open.get(fd);
    if (file !== undefined) found.push({ file, pid, mode, kind, waiting: true });
  }
  if (found.length === 0) return [];
  const command = commandOf(pid);
  return found.map((owner) => ({ ...owner, command }));
}

function commandOf(pid: number): string {
  // It may end with blanks of its own.
  return readProc(`${pid}/comm`).replace(/\n$/, '');
}

/** `8:1:1234` as /proc/locks has it: `08:01:1234`. */
function placeOf(file: string): string {
  const [major, minor, inode] = file.split(':');
  const hex = (number: string): string => Number(number).toString(16).padStart(2, '0');
  return `${hex(major!)}:${hex(minor!)}:${inode}`;
}
