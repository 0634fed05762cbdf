import { basename, dirname } from 'node:path';
import { toName } from '../linux/file-calls.ts';
import { DT_LNK } from '../linux/listing.ts';
import { AT_FDCWD } from '../linux/open.ts';
import { Status } from '../linux/status.ts';
import type { Holder } from '../lock/holders.ts';
import { findHolders } from '../lock/holders.ts';
import { quote, systemError } from '../lock/lock-error.ts';
import { toPath } from '../lock/lock-options.ts';
import { findRuntime } from './find-runtime.ts';
import { lockForRemoval, refused } from './lock-for-removal.ts';
import { busyError } from './lock-ref.ts';
import type { BusyRef } from './lock-tree.ts';
import { Directory } from './open-directory.ts';
import { realPath } from './real-path.ts';
import { setAside } from './set-aside.ts';
import { checkWorkOptions, type WorkOptions } from './tree-options.ts';
import { deleteTree, failureText, measureTree } from './tree-work.ts';

/** How to remove a runtime. */
export interface RemoveOptions extends WorkOptions {
  /**
   * What to do while the runtime is in use: reject with `ERR_LOCK_BUSY`, leave it, or wait.
   * @default {'error'}
   */
  whenBusy?: 'error' | 'skip' | 'wait' | undefined;
  /**
   * Only tell what would be done.
   * @default {false}
   */
  dryRun?: boolean | undefined;
}

/** What has become of a runtime. */
export interface RemoveResult {
  /** What was to be removed, as an absolute path. */
  path: string;
  /** Whether nothing was done, so that this only tells what would be. */
  dryRun: boolean;
  /** Whether it is gone from its path. */
  removed: boolean;
  /** Who uses it, as far as can be seen, when it was busy and left. */
  holders: Holder[];
  /** Bytes on the disk that were freed. */
  freedBytes: number;
  /** Inodes that were freed. */
  freedInodes: number;
  /** What could not be deleted, and where the rest of the tree lies now. */
  remains?: { path: string; failures: { path: string; message: string }[]; count: number };
}

/**
 * Removes a runtime that nobody uses: locks it exclusively, renames it aside in its directory, and
 * deletes it. So whoever comes meanwhile finds no runtime, rather than half of one, and what a crash
 * half-way leaves is garbage by its name (`tmp-partial-*`), for `collectGarbage()`.
 *
 * For a deployment all of it is removed, `files/` and what lies beside it. For a mutable copy
 * (`tmp-*`) the lock on its directory's `.ref` is taken as well, as for a collection.
 *
 * @throws {LockError} `ERR_LOCK_BUSY` when it is in use, unless `whenBusy` says otherwise;
 * `ERR_LOCK_UNSUPPORTED` when it is no runtime; `ENOTDIR` for a symbolic link; `EBUSY` when
 * something is mounted on it; `ERR_LOCK_REPLACED` when somebody else removed it during the wait. An
 * abort rejects with `signal.reason`; what was begun then is garbage.
 *
 * @example
 * ```ts
 * import { mkdirSync } from 'node:fs';
 * import { removeRuntime } from 'reflock/runtime';
 *
 * mkdirSync('/tmp/example-obsolete/usr/bin', { recursive: true });
 * const { removed, freedBytes } = await removeRuntime('/tmp/example-obsolete');
 * console.log(removed, freedBytes);
 * ```
 */
export async function removeRuntime(
  path: string | URL,
  options: RemoveOptions = {},
): Promise<RemoveResult> {
  const given = toPath(path);
  checkWorkOptions(options, ['error', 'skip', 'wait']);
  findRuntime(given);
  refuseLink(given);
  // As the kernel knows it: by the words of the path alone, "link/.." would be another directory.
  const full = realPath(given, `Cannot remove ${quote(given)}`);
  if (full === '/') throw refused(full, 'it is the root directory', 'EBUSY');
  const parent = Directory.open(dirname(full));
  let tree: Directory | undefined;
  const locks: { release(): void }[] = [];
  try {
    tree = parent.open(basename(full));
    const taken = await lockForRemoval(parent, tree, options);
    if ('busy' in taken) return await leave(full, taken, options);
    locks.push(...taken);
    options.signal?.throwIfAborted();
    return await remove(full, parent, tree, options);
  } finally {
    for (const lock of locks) lock.release();
    tree?.close();
    parent.close();
  }
}

/** It is in use. */
async function leave(
  path: string,
  { busy, identity }: BusyRef,
  { whenBusy = 'error', dryRun = false }: RemoveOptions,
): Promise<RemoveResult> {
  const holders = (await findHolders([identity])).get(identity) ?? [];
  if (whenBusy === 'error') {
    throw busyError({ path: busy, mode: 'exclusive', create: false }, holders);
  }
  return { path, dryRun, removed: false, holders, freedBytes: 0, freedInodes: 0 };
}

async function remove(
  path: string,
  parent: Directory,
  tree: Directory,
  options: RemoveOptions,
): Promise<RemoveResult> {
  if (options.dryRun) {
    const { bytes, inodes } = await measureTree(tree, options);
    options.signal?.throwIfAborted();
    return {
      path,
      dryRun: true,
      removed: false,
      holders: [],
      freedBytes: bytes,
      freedInodes: inodes,
    };
  }
  const name = basename(path);
  const aside = setAside(parent, name, toName(name), tree);
  const done = await deleteTree(parent, aside.bytes, tree, options);
  if (done.stopped) options.signal!.throwIfAborted();
  const result: RemoveResult = {
    path,
    dryRun: false,
    removed: true,
    holders: [],
    freedBytes: done.bytes,
    freedInodes: done.inodes,
  };
  if (done.failureCount === 0) return result;
  const failures = done.failures.map((failed) => ({
    path: failed.path,
    message: failureText(failed),
  }));
  const remains = { path: `${parent.path}/${aside.name}`, failures, count: done.failureCount };
  return { ...result, remains };
}

function refuseLink(path: string): void {
  const status = new Status();
  // A slash at the end would lead through a link.
  const errno = status.at(AT_FDCWD, toName(path.replace(/(?<=.)\/+$/, '')));
  if (errno !== 0) throw systemError(`Cannot remove ${quote(path)}`, path, 'statx', errno);
  if (status.type !== DT_LNK) return;
  throw refused(path, 'it is a symbolic link, not the runtime itself', 'ENOTDIR');
}
