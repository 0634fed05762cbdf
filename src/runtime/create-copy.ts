import { join } from 'node:path';
import { removeAccessLists } from '../../workers/access-list.ts';
import { CallFailed } from '../../workers/call-failed.ts';
import { deleteTree as deleteHere } from '../../workers/delete-tree.ts';
import { type CopyDone, newTreeWords } from '../../workers/tree-task.ts';
import { EEXIST, ELOOP, ENOTEMPTY } from '../linux/errno.ts';
import { fileCalls, toName } from '../linux/file-calls.ts';
import { kindOfType } from '../linux/identity.ts';
import type { Lock } from '../lock/lock.ts';
import { LockError, systemError } from '../lock/lock-error.ts';
import { toPath } from '../lock/lock-options.ts';
import { quote } from '../lock/printable.ts';
import { openCopies } from './directory-of-copies.ts';
import { takeRef, waitForRef } from './lock-ref.ts';
import { freshName } from './partial.ts';
import { mountedAt, type Place } from './place.ts';
import { checkWorkOptions, type WorkOptions } from './tree-options.ts';
import { copyTree, deleteTree } from './tree-work.ts';
import { openUse } from './use-runtime.ts';

/** How to make a mutable copy. */
export interface CopyOptions extends WorkOptions {
  /**
   * What to do while the source is being deleted. A collection in the directory of copies is always
   * waited for.
   * @default {'error'}
   */
  whenBusy?: 'error' | 'wait' | undefined;
}

/** Something of the source that the copy does not have. */
export interface SkippedEntry {
  /** Its path below the source. */
  path: string;
  /** Why it was left out. */
  why: string;
}

/** A mutable copy of a runtime, which no collector deletes as long as its lock is held. */
export interface MutableCopy {
  /** The directory `tmp-*`, a whole root filesystem with `usr/`. */
  path: string;
  /** Its lock file, `usr/.ref`, to which `.ref` is a symbolic link. */
  ref: string;
  /** The shared lock on it, to be released or handed to a child by `spawnLocked()`. */
  lock: Lock;
  /** How many files, directories and links it has. */
  entries: number;
  /** Devices, FIFOs and sockets, which are not copied, and names that two directories shared. */
  skipped: SkippedEntry[];
}

/** How often a name may be taken before something other than chance is at work. */
const ATTEMPTS = 10;

/**
 * Makes a mutable copy of a runtime in a directory of copies, which is created with mode 0700 if it
 * is missing.
 *
 * Files are hard links where the filesystem allows it, else reflinks, else copies; so replace a
 * file in the copy, and never write into it. Directories, symbolic links, owners, permissions, times
 * and extended attributes are kept. A merged `/usr` becomes the copy's `usr/`, with links to it at
 * the top; the `bin`, `lib*` and `sbin` of a whole root filesystem are merged into `usr/`.
 *
 * The source is locked while it is copied, and so is the directory, against collection; the copy's
 * own lock is what remains. Until it is whole it has a name by which nobody uses it. An error or an
 * abort deletes what there is of it; a crash leaves it as garbage for the next collection.
 *
 * Both paths are followed once, as `useRuntime()` does, and everything goes over what they led to.
 *
 * @throws {LockError} `ERR_LOCK_BUSY` when the source is being deleted; `ENOSPC`, `EACCES`, … with
 * the entry in the message; `EINVAL` when the directory lies in the source; what `useRuntime()`
 * throws. An abort rejects with `signal.reason`.
 *
 * @example
 * ```ts
 * import { mkdirSync } from 'node:fs';
 * import { createCopy } from 'reflock/runtime';
 *
 * mkdirSync('/tmp/example-source/usr/bin', { recursive: true });
 * const { path, lock } = await createCopy('/tmp/example-source', '/tmp/example-copies');
 * console.log(path); // "/tmp/example-copies/tmp-…"
 * lock.release(); // garbage from now on
 * ```
 */
export async function createCopy(
  source: string | URL,
  parent: string | URL,
  options: CopyOptions = {},
): Promise<MutableCopy> {
  const from = toPath(source);
  const to = toPath(parent);
  checkWorkOptions(options, ['error', 'wait']);
  const { whenBusy, signal, timeout, onWait, engine } = options;
  const use = await openUse(from, { whenBusy, signal, timeout, onWait, engine });
  let root: Place | undefined;
  let copies: Place | undefined;
  let lock: Lock | undefined;
  try {
    // The directory whose lock is held, and not whatever its path leads to by now.
    root = use.place.readable(use.place.fullPath);
    copies = openCopies(root, to);
    lock = await waitForRef({ in: copies, mode: 'shared', create: true }, options);
    return await makeCopy(root, use.layout, copies, options);
  } finally {
    lock?.release();
    copies?.close();
    root?.close();
    use.place.close();
    use.lock.release();
  }
}

/**
 * The copy grows under a name by which nobody uses it, and is renamed when it is whole. Its lock is
 * held from the start: an unpacker of archives may sweep under a shared lock on the directory.
 */
async function makeCopy(
  source: Place,
  layout: 'usr' | 'root',
  copies: Place,
  options: CopyOptions,
): Promise<MutableCopy> {
  // Known now, whatever becomes of the current directory and of links meanwhile.
  const base = copies.fullPath;
  // Nobody would find the copy by the path that is given back.
  if (!copies.isAt(base)) throw mountedAt(`Cannot make a copy in ${quote(copies.path)}`, base);
  let name = makeDirectory(copies);
  const target = copies.open(name);
  let lock: Lock | undefined;
  let whole = false;
  try {
    lock = await lockNew(target, options);
    const done = await copyTree(source, target, layout, options);
    options.signal?.throwIfAborted();
    if (done.failed !== undefined) throw copyError(source.path, copies.path, done.failed);
    name = giveName(copies, name);
    whole = true;
    const path = join(base, name);
    const ref = join(path, 'usr/.ref');
    // It was locked under the name that it had while it grew.
    Object.assign(lock, { path: ref });
    return { path, ref, lock, entries: done.entries, skipped: done.skipped.map(toSkipped) };
  } catch (error) {
    // Not to be aborted: the copy may be large, and nobody needs it any more.
    const left = whole || await deleteHalf(copies, name, target);
    if (left !== true && error instanceof LockError) throw withRemains(error, join(base, name));
    throw error;
  } finally {
    if (!whole) lock?.release();
    target.close();
  }
}

/** Deletes what there is of a copy; tells whether all of it is gone. The rest is garbage by its name. */
async function deleteHalf(copies: Place, name: string, target: Place): Promise<boolean> {
  const words = newTreeWords();
  const bytes = toName(name);
  try {
    const { failureCount } = await deleteTree(copies, bytes, target, { words, total: 0 }, {});
    return failureCount === 0;
  } catch {
    // Where no thread can be had there is next to nothing of it yet.
    const { failureCount } = deleteHere({
      work: 'delete',
      words,
      order: 'forward',
      parent: copies.fd,
      name: bytes,
      tree: target.fd,
    });
    return failureCount === 0;
  }
}

/** Says where what could not be deleted lies: it may be in directories that nobody may write to. */
function withRemains(error: LockError, path: string): LockError {
  const message = `${error.message}; what was copied could not be deleted: ${quote(path)}`;
  return new LockError(message, Object.assign({ cause: error }, error));
}

/** Makes and locks the lock file of a copy that has nothing else yet. */
async function lockNew(target: Place, { engine }: CopyOptions): Promise<Lock> {
  disinherit(target);
  const calls = fileCalls();
  const made = calls.mkdirat(target.fd, toName('usr'), 0o755) !== -1 &&
    calls.symlinkat(toName('usr/.ref'), target.fd, toName('.ref')) !== -1;
  if (!made) {
    const errno = calls.errno();
    throw systemError(`Cannot make a copy in ${quote(target.path)}`, target.path, 'mkdir', errno);
  }
  return await takeRef({ in: target, mode: 'shared', create: true }, 'error', { engine });
}

/**
 * Takes from a new copy what it has got from the directory of copies, whose access control list is about
 * other files: all that is made in it would inherit that too. Nobody has had a right by it, because a
 * directory with mode 0700 lets nobody in that its list names.
 */
function disinherit({ fd, path }: Place): void {
  try {
    removeAccessLists(fd);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    throw systemError(`Cannot make a copy in ${quote(path)}`, path, error.syscall, error.errno);
  }
}

function makeDirectory(copies: Place): string {
  return tryNames(copies, 'partial', 'mkdir', (name) => {
    return fileCalls().mkdirat(copies.fd, toName(name), 0o700);
  });
}

function giveName(copies: Place, partial: string): string {
  return tryNames(copies, 'copy', 'rename', (name) => {
    return fileCalls().renameat(copies.fd, toName(partial), copies.fd, toName(name));
  });
}

/** Uses the first fresh name that is free. */
function tryNames(
  { path }: Place,
  kind: 'copy' | 'partial',
  syscall: string,
  use: (name: string) => number,
): string {
  for (let attempt = 1;; attempt++) {
    const name = freshName(kind);
    if (use(name) !== -1) return name;
    const errno = fileCalls().errno();
    if ((errno === EEXIST || errno === ENOTEMPTY) && attempt < ATTEMPTS) continue;
    throw systemError(`Cannot make a copy in ${quote(path)}`, path, syscall, errno);
  }
}

function copyError(root: string, parent: string, failed: NonNullable<CopyDone['failed']>) {
  const { path, syscall, errno } = failed;
  if (errno === ELOOP) {
    const why = `the directory of copies is mounted in what is to be copied, at ${quote(path)}`;
    const message = `Cannot copy ${quote(root)} into ${quote(parent)}: ${why}`;
    return new LockError(message, { code: 'EINVAL', path: parent });
  }
  const { code, message } = systemError(
    `Cannot copy ${quote(root)} into ${quote(parent)}`,
    path,
    syscall,
    errno,
  );
  const entry = join(root, path);
  const details = { code, errno: -errno, syscall, path: entry };
  return new LockError(`${message} at ${quote(path)}`, details);
}

function toSkipped({ path, why }: CopyDone['skipped'][number]): SkippedEntry {
  return { path, why: why === 'taken' ? 'the name was taken' : `a ${kindOfType(why)}` };
}
