import type { FailedCall, Survey } from '../../workers/tree-task.ts';
import { errnoName, errnoText } from '../linux/errno.ts';
import { nameText } from '../linux/listing.ts';
import type { Holder } from '../lock/holders.ts';
import { findHolders } from '../lock/holders.ts';
import { LockError } from '../lock/lock-error.ts';
import { toPath } from '../lock/lock-options.ts';
import { quote } from '../lock/printable.ts';
import { openAncestorsOfEntries } from './ancestors.ts';
import { claimForRemoval } from './claim-for-removal.ts';
import { deleteClaimed, type Deletion } from './delete-claimed.ts';
import { requireRuntime } from './find-runtime.ts';
import { HeldRefs } from './held-refs.ts';
import { busyError, type BusyRef } from './lock-ref.ts';
import { type Entry, Place } from './place.ts';
import { isPartial } from './partial.ts';
import { mayMove } from './rights.ts';
import { requireSign } from './signs.ts';
import { checkWorkOptions, type WorkOptions } from './tree-options.ts';
import { failureText } from './tree-work.ts';

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
  /**
   * Remove also what nothing says is a runtime: a directory with `usr/`, or with `bin/` and `lib/`, may
   * be anybody's home.
   * @default {false}
   */
  forceRuntime?: boolean | undefined;
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
 * (`tmp-*`) the lock on its directory's `.ref` is taken as well, as for a collection. It is in use also
 * when a runtime or a copy that lies in it is, or one in which it lies: every `.ref` below it, and that of
 * every runtime above it on the same mount, must be free.
 *
 * Something must say that it is a runtime: a `.ref`, `files/.ref` or `usr/.ref`, or a manifest beside
 * `files/`; what a killed remover has left (`tmp-partial-*`) says so by its name. The path is followed once, as `useRuntime()` does, but its last name must not be a symbolic
 * link, and everything goes over what was opened.
 *
 * @throws {LockError} `ERR_LOCK_BUSY` when it is in use, unless `whenBusy` says otherwise;
 * `ERR_NOT_A_RUNTIME` when it is no runtime, or nothing says that it is one; `ENOTDIR` for a symbolic
 * link; `EACCES` for a link on the way that is not followed; `EBUSY` when something is mounted on it or
 * in it; `ERR_LOCK_REPLACED` when somebody else removed it meanwhile. An abort rejects with
 * `signal.reason`; what was begun then is garbage.
 *
 * @example
 * ```ts
 * import { mkdirSync } from 'node:fs';
 * import { removeRuntime, useRuntime } from 'reflock/runtime';
 *
 * mkdirSync('/tmp/example-obsolete/usr/bin', { recursive: true });
 * const { lock } = await useRuntime('/tmp/example-obsolete');
 * lock.release();
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
  const action = `Cannot remove ${quote(given)}`;
  const entry = openRuntimeEntry(given, action, options);
  const held = new HeldRefs(options);
  try {
    const ancestors = openAncestorsOfEntries(entry.parent, held);
    const claimed = await claimForRemoval(entry, ancestors, held, options);
    if ('busy' in claimed) return await leave(entry, claimed, options);
    options.signal?.throwIfAborted();
    return await remove(entry, ancestors, claimed, held, options);
  } finally {
    held.close();
    entry.tree.close();
    entry.parent.close();
  }
}

/** Opens what is to be removed, and makes sure that it is a runtime. */
function openRuntimeEntry(path: string, action: string, options: RemoveOptions): Entry {
  for (;;) {
    const entry = Place.entry(path, action);
    if (entry === undefined) throw refused(path, 'it is the root directory', 'EBUSY');
    const { parent, name, tree } = entry;
    try {
      // What a killed remover or copier has left is no runtime any more, and its name says what it is.
      if (isPartial(nameText(name))) return entry;
      requireRuntime(tree, action);
      if (!options.forceRuntime) requireSign(tree, action);
      return entry;
    } catch (error) {
      const isThere = parent.has(name, tree);
      tree.close();
      parent.close();
      // Another remover has begun with it: what was seen is a half, and its path leads elsewhere.
      if (isThere) throw error;
    }
  }
}

/** It is in use. */
async function leave(
  { tree }: Entry,
  { busy, identity }: BusyRef,
  { whenBusy = 'error', dryRun = false }: RemoveOptions,
): Promise<RemoveResult> {
  const holders = (await findHolders([identity])).get(identity) ?? [];
  if (whenBusy === 'error') throw busyError({ path: busy, mode: 'exclusive' }, holders);
  return resultOf(tree.fullPath, { dryRun, holders });
}

async function remove(
  entry: Entry,
  ancestors: readonly Place[],
  survey: Survey,
  held: HeldRefs,
  options: RemoveOptions,
): Promise<RemoveResult> {
  const path = entry.tree.fullPath;
  const [first] = survey.obstacles;
  if (first !== undefined) throw cannotDelete(path, first);
  if (options.dryRun) {
    throwUnlessMovable(entry, path);
    const { bytes, inodes } = survey;
    return resultOf(path, { dryRun: true, freedBytes: bytes, freedInodes: inodes });
  }
  const done = await deleteClaimed(entry, survey, { held, ancestors }, options);
  if ('busy' in done) return await leave(entry, done, options);
  if (done.isWhole) throw cannotDelete(path, done.failures[0]!);
  if (done.stopped) options.signal!.throwIfAborted();
  const freed = { removed: true, freedBytes: done.bytes, freedInodes: done.inodes };
  const result = resultOf(path, freed);
  return done.failureCount === 0 ? result : { ...result, remains: remainsOf(entry, done) };
}

function resultOf(path: string, result: Partial<RemoveResult>): RemoveResult {
  const nothing = { dryRun: false, removed: false, holders: [], freedBytes: 0, freedInodes: 0 };
  return { path, ...nothing, ...result };
}

/** A dry run promises no more than what the removal would do. */
function throwUnlessMovable({ parent, tree }: Entry, path: string): void {
  const errno = mayMove(parent, tree);
  if (errno === 0) return;
  throw refused(path, `cannot rename it: ${errnoText(errno)}`, errnoName(errno));
}

function cannotDelete(path: string, failed: FailedCall): LockError {
  const where = quote(`${path}/${failed.path}`);
  return refused(path, `cannot delete ${where}: ${failureText(failed)}`, errnoName(failed.errno));
}

function remainsOf({ parent }: Entry, { failures, failureCount, remains }: Deletion) {
  return {
    path: `${parent.fullPath}${remains.slice(parent.path.length)}`,
    failures: failures.map((failed) => ({ path: failed.path, message: failureText(failed) })),
    count: failureCount,
  };
}

function refused(path: string, why: string, code: string): LockError {
  return new LockError(`Cannot remove ${quote(path)}: ${why}`, { code, path });
}
