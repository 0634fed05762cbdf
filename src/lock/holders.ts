import { toName } from '../linux/file-calls.ts';
import { findLockOwners, type LockOwner } from '../linux/lock-owners.ts';
import { AT_FDCWD } from '../linux/open.ts';
import { Status } from '../linux/status.ts';
import { systemError } from './lock-error.ts';
import { type LockKind, type LockMode, toPath } from './lock-options.ts';
import { plain, quote } from './printable.ts';
import { runTask } from './task-threads.ts';

/** A process that holds a lock on a file, or waits for one. */
export interface Holder {
  /** Its process id. A process that has inherited the lock is another holder of it. */
  pid: number;
  /**
   * The name of its program, as in `/proc/PID/comm`: at most 15 bytes, as it is; a byte that is not
   * UTF-8 is half of a surrogate pair, U+DC80 to U+DCFF. A process may call itself anything, so
   * escape it before a terminal gets it.
   */
  command: string;
  /**
   * The lock's mode. A waiter has none where the kernel does not tell for which it waits: it waits by
   * a descriptor open for reading and writing, and others wait for the other mode of the same file,
   * or the machine has more than about 20,000 locks, or a remote filesystem keeps the file's locks.
   */
  mode?: LockMode;
  /** To whom the kernel counts the lock: `ofd`, or `process` for the locks of `F_SETLK`. */
  kind: LockKind;
  /** Whether it does not hold the lock yet. */
  waiting: boolean;
}

/**
 * Finds the processes that hold locks on a file, and those that wait for one, whatever program they
 * are, by `/proc/PID/fdinfo`, `/proc/PID/task/TID/syscall` and `/proc/locks` (proc(5)). It takes a
 * thread of the pool some milliseconds for each thousand of open files on the machine.
 *
 * Nobody's memory is read, since reading a page that its owner withholds never ends. So the mode for
 * which somebody waits is not always known.
 *
 * Only the superuser sees everything. Of other users' processes those with a process-associated lock
 * are found, on a machine with at most about 20,000 locks, and of processes outside of this pid
 * namespace none. Who waits in a line of a
 * `LockEngine`, and is not the first there, does not wait in the kernel and is not found.
 *
 * @throws {LockError} `ENOENT`, `EACCES`, … when there is no such file that can be looked at.
 *
 * @example
 * ```ts
 * import { holders, tryLock } from 'reflock';
 *
 * const lock = tryLock('/tmp/example.ref', { create: true });
 * for (const { pid, command, mode, waiting } of await holders('/tmp/example.ref')) {
 *   const how = mode ?? 'its mode is not known';
 *   console.log(`${command} (${pid}) ${waiting ? 'waits for' : 'holds'} a lock: ${how}`);
 * }
 * lock?.release();
 * ```
 */
export async function holders(path: string | URL): Promise<Holder[]> {
  const file = identify(toPath(path));
  const { owners } = await runTask({ work: 'holders', files: [file] });
  return owners.map(toHolder);
}

/** The same on this thread, for a program that has nothing else to do; nobody when that fails. */
export function holdersNow(path: string): Holder[] {
  try {
    return findLockOwners(new Set([identify(path)])).owners.map(toHolder);
  } catch {
    // Whoever asks has an error to tell already.
    return [];
  }
}

/**
 * Finds who holds locks on files, each given by device and inode as `Status.identity` has them. A
 * file without an entry has no holder that the caller may see: another user's, one in another pid
 * namespace, or one that has let go by now.
 */
export async function findHolders(files: Iterable<string>): Promise<Map<string, Holder[]>> {
  const found = new Map<string, Holder[]>();
  for (const owner of await search([...files])) {
    if (owner.waiting) continue;
    const others = found.get(owner.file);
    if (others === undefined) found.set(owner.file, [toHolder(owner)]);
    else others.push(toHolder(owner));
  }
  return found;
}

async function search(files: readonly string[]): Promise<readonly LockOwner[]> {
  if (files.length === 0) return [];
  try {
    return (await runTask({ work: 'holders', files })).owners;
  } catch {
    // No thread can be had. Whoever asks has an error to tell already, or a report.
    return [];
  }
}

function toHolder({ file: _, ...holder }: LockOwner): Holder {
  return holder;
}

function identify(path: string): string {
  const status = new Status();
  const errno = status.behind(AT_FDCWD, toName(path));
  if (errno === 0) return status.identity;
  throw systemError(`Cannot find the holders of ${quote(path)}`, path, 'statx', errno);
}

/** Says who holds a lock, for the end of a message: `held by pid 4121 (bwrap)`. */
export function holdersText(all: readonly Holder[]): string {
  const holders = all.filter(({ waiting }) => !waiting);
  if (holders.length === 0) return 'held by a process that cannot be seen from here';
  const shown = holders.slice(0, 3).map(({ pid, command }) => `pid ${pid} (${plain(command)})`);
  const more = holders.length - shown.length;
  return `held by ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
