import type { Freed } from '../../workers/tree-task.ts';
import { ENOENT, errnoText } from '../linux/errno.ts';
import { fileCalls, toName } from '../linux/file-calls.ts';
import { DT_LNK } from '../linux/listing.ts';
import { Status } from '../linux/status.ts';
import { LockError, quote } from '../lock/lock-error.ts';
import type { Judgement } from './garbage-names.ts';
import type { DeletedEntry, KeptEntry, KeptWhy } from './garbage-report.ts';
import { tryRef } from './lock-ref.ts';
import { type LockedTree, lockTree } from './lock-tree.ts';
import type { Directory } from './open-directory.ts';
import { isPartial } from './partial.ts';
import { setAside } from './set-aside.ts';
import type { LockSource } from './tree-options.ts';
import { deleteTree, failureText, measureTree } from './tree-work.ts';

/** An entry of a directory that is swept. */
export interface Entry {
  readonly parent: Directory;
  readonly name: string;
  /** The name as the kernel has it. */
  readonly bytes: Uint8Array;
  readonly path: string;
}

/** What has become of it; neither deleted nor kept if somebody else has deleted it. */
export interface Swept {
  readonly deleted?: DeletedEntry;
  readonly kept?: KeptEntry;
  readonly freed: Freed;
  /** Device and inode of the lock that somebody else holds. */
  readonly identity?: string;
}

interface SweepOptions {
  readonly engine?: LockSource | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly dryRun: boolean;
  /** The directories of current deployments. */
  readonly current: ReadonlySet<string>;
}

const CURRENT = 'the current deployment';
const KEEP = toName('keep');
const NOTHING: Freed = { bytes: 0, inodes: 0 };

/** Deletes an entry that its name gives free, if it is what it should be and nobody uses it. */
export async function sweepEntry(
  entry: Entry,
  judgement: Judgement,
  options: SweepOptions,
): Promise<Swept> {
  switch (judgement) {
    case 'not-garbage':
      return kept(entry, 'not-garbage', 'its name is none that is collected');
    case 'current':
      return kept(entry, 'current', CURRENT);
    case 'link':
      return sweepLink(entry, options.dryRun);
    case 'directory':
      return await sweepDirectory(entry, options);
  }
}

function sweepLink(entry: Entry, dryRun: boolean): Swept {
  const { parent: { fd }, bytes } = entry;
  const status = new Status();
  if (status.at(fd, bytes) !== 0 || status.type !== DT_LNK) {
    return kept(entry, 'not-garbage', 'not a symbolic link');
  }
  const freed = { bytes: status.bytes, inodes: 1 };
  if (status.behind(fd, bytes) !== ENOENT) {
    return kept(entry, 'current', 'a symbolic link that does not dangle');
  }
  const calls = fileCalls();
  if (dryRun || calls.unlinkat(fd, bytes, 0) !== -1) return deleted(entry, freed);
  return kept(entry, 'failed', errnoText(calls.errno()));
}

async function sweepDirectory(entry: Entry, options: SweepOptions): Promise<Swept> {
  const { parent, name, bytes } = entry;
  let tree: Directory;
  try {
    tree = parent.open(name, bytes);
  } catch (error) {
    return isGone(entry) ? { freed: NOTHING } : notOpened(entry, error);
  }
  let locked: LockedTree | undefined;
  try {
    if (options.current.has(tree.identity)) return kept(entry, 'current', CURRENT);
    const exempt = keepOf(entry, tree);
    if (exempt !== undefined) return exempt;
    const taken = await lockTree(tree, !options.dryRun, (ref) => tryRef(ref, options));
    if ('busy' in taken) {
      return { ...kept(entry, 'busy', 'in use'), identity: taken.identity };
    }
    locked = taken;
    // Somebody who used it until just now may have left it with a `keep`.
    const late = keepOf(entry, tree);
    if (late !== undefined) return late;
    if (options.dryRun) {
      // A user who comes while this takes its time must not find it locked for nothing.
      locked.release();
      return deleted(entry, await measureTree(tree, options));
    }
    return await deleteLocked(entry, tree, options);
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    if (isGone(entry)) return { freed: NOTHING };
    return kept(entry, locked === undefined ? 'cannot-lock' : 'failed', error.message);
  } finally {
    locked?.release();
    tree.close();
  }
}

/** Whether it has gone since it was listed: a remover had begun to delete it before. */
function isGone({ parent, bytes }: Entry): boolean {
  return new Status().at(parent.fd, bytes) === ENOENT;
}

/** What an entry `keep` makes of it. */
function keepOf(entry: Entry, tree: Directory): Swept | undefined {
  // It has not saved this one from whoever was killed over it, and what is left is of no use.
  if (isPartial(entry.name)) return undefined;
  const errno = new Status().at(tree.fd, KEEP);
  // "Not found" alone says that there is none.
  if (errno === ENOENT) return undefined;
  if (errno === 0) return kept(entry, 'keep', 'it has an entry "keep"');
  return kept(entry, 'keep', `whether it has an entry "keep" is unknown: ${errnoText(errno)}`);
}

async function deleteLocked(entry: Entry, tree: Directory, options: SweepOptions): Promise<Swept> {
  const { parent, name, bytes } = entry;
  const aside = setAside(parent, name, bytes, tree);
  const { failures, failureCount, ...freed } = await deleteTree(parent, aside.bytes, tree, options);
  if (failureCount === 0) return deleted(entry, freed);
  const [first] = failures;
  const others = failureCount > 1 ? `, and ${failureCount - 1} more` : '';
  const where = quote(`${aside.name}/${first!.path}`);
  return {
    ...kept(entry, 'failed', `cannot delete ${where}: ${failureText(first!)}${others}`),
    freed,
  };
}

function notOpened(entry: Entry, error: unknown): Swept {
  if (!(error instanceof LockError)) throw error;
  if (error.code === 'ENOTDIR' || error.code === 'ELOOP') {
    return kept(entry, 'not-a-directory', 'not a directory');
  }
  return kept(entry, 'failed', error.message);
}

function deleted({ name, path }: Entry, { bytes, inodes }: Freed): Swept {
  return { deleted: { name, path, bytes, inodes }, freed: { bytes, inodes } };
}

function kept({ name, path }: Entry, why: KeptWhy, message: string): Swept {
  return { kept: { name, path, why, message, holders: [] }, freed: NOTHING };
}
