import { basename } from 'node:path';
import type { FailedCall, Freed } from '../../workers/tree-task.ts';
import { ENOENT, errnoName, errnoText } from '../linux/errno.ts';
import { fileCalls, toName } from '../linux/file-calls.ts';
import { DT_LNK } from '../linux/listing.ts';
import { Status } from '../linux/status.ts';
import { LockError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import { claimTree } from './claim-tree.ts';
import { deleteClaimed, type Deletion } from './delete-claimed.ts';
import type { Judgement } from './garbage-names.ts';
import type { DeletedEntry, KeptEntry, KeptWhy } from './garbage-report.ts';
import { HeldRefs } from './held-refs.ts';
import type { BusyRef } from './lock-ref.ts';
import type { Mounts } from './mounts.ts';
import { isPartial } from './partial.ts';
import type { Place } from './place.ts';
import { mayMove } from './rights.ts';
import type { LockSource } from './tree-options.ts';
import { failureText } from './tree-work.ts';

/** An entry of a directory that is swept. */
export interface Candidate {
  readonly parent: Place;
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
  readonly mounts: Mounts;
  /** The runtimes in which the directory lies. */
  readonly ancestors: readonly Place[];
  /** The directories of current deployments. */
  readonly current: ReadonlySet<string>;
}

const CURRENT = 'the current deployment';
const KEEP = toName('keep');
const NOTHING: Freed = { bytes: 0, inodes: 0 };

/** Deletes an entry that its name gives free, if it is what it should be and nobody uses it. */
export async function sweepEntry(
  entry: Candidate,
  judgement: Exclude<Judgement, 'not-garbage'>,
  options: SweepOptions,
): Promise<Swept> {
  switch (judgement) {
    case 'current':
      return kept(entry, 'current', CURRENT);
    case 'link':
      return sweepLink(entry, options.dryRun);
    case 'directory':
      return await sweepDirectory(entry, options);
  }
}

function sweepLink(entry: Candidate, dryRun: boolean): Swept {
  const { parent: { fd }, bytes } = entry;
  const status = new Status();
  if (status.at(fd, bytes) !== 0 || status.type !== DT_LNK) {
    return kept(entry, 'not-garbage', 'not a symbolic link');
  }
  const others = foreign(entry, status);
  if (others !== undefined) return others;
  const freed = { bytes: status.bytes, inodes: 1 };
  if (status.behind(fd, bytes) !== ENOENT) {
    return kept(entry, 'current', 'a symbolic link that does not dangle');
  }
  const calls = fileCalls();
  if (dryRun || calls.unlinkat(fd, bytes, 0) !== -1) return deleted(entry, freed);
  return kept(entry, 'failed', errnoText(calls.errno()));
}

async function sweepDirectory(entry: Candidate, options: SweepOptions): Promise<Swept> {
  const { parent, name, bytes } = entry;
  let tree: Place;
  try {
    tree = parent.open(name, bytes);
  } catch (error) {
    return isGone(entry) ? { freed: NOTHING } : notOpened(entry, error);
  }
  const held = new HeldRefs(options);
  try {
    if (options.current.has(tree.identity)) return kept(entry, 'current', CURRENT);
    const stays = foreign(entry, tree) ?? keepOf(entry, tree);
    if (stays !== undefined) return stays;
    const survey = await claimTree(tree, held, options);
    if ('busy' in survey) return busy(entry, survey);
    // Somebody who used it until just now may have left it with a `keep`.
    const late = keepOf(entry, tree);
    if (late !== undefined) return late;
    const [obstacle] = survey.obstacles;
    if (obstacle !== undefined) return notDeleted(entry, name, obstacle, survey.obstacles.length);
    if (options.dryRun) {
      const errno = mayMove(parent, tree);
      return errno === 0 ? deleted(entry, survey) : kept(
        entry,
        'failed',
        `cannot rename it: ${errnoText(errno)} (${errnoName(errno)} from access)`,
      );
    }
    const { ancestors } = options;
    const done = await deleteClaimed(
      { parent, name: bytes, tree },
      survey,
      { held, ancestors },
      options,
    );
    return 'busy' in done ? busy(entry, done) : outcome(entry, done);
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    if (isGone(entry)) return { freed: NOTHING };
    const isLock = basename(error.path ?? '') === '.ref';
    return kept(entry, isLock ? 'cannot-lock' : 'failed', error.message);
  } finally {
    held.close();
    tree.close();
  }
}

/**
 * Where several users may put something, what belongs neither to the caller nor to the owner of the
 * directory is somebody else's, whatever it is called.
 */
function foreign(entry: Candidate, its: { readonly uid: number }): Swept | undefined {
  const { parent } = entry;
  const uid = fileCalls().geteuid();
  if (!parent.isSticky && parent.uid === uid) return undefined;
  if (its.uid === uid || its.uid === parent.uid) return undefined;
  return kept(entry, 'not-ours', `it belongs to uid ${its.uid}, and its directory does not`);
}

/** Whether it has gone since it was listed: a remover had begun to delete it before. */
function isGone({ parent, bytes }: Candidate): boolean {
  return new Status().at(parent.fd, bytes) === ENOENT;
}

/** What an entry `keep` makes of it. */
function keepOf(entry: Candidate, tree: Place): Swept | undefined {
  // It has not saved this one from whoever was killed over it, and what is left is of no use.
  if (isPartial(entry.name)) return undefined;
  const errno = new Status().at(tree.fd, KEEP);
  // "Not found" alone says that there is none.
  if (errno === ENOENT) return undefined;
  if (errno === 0) return kept(entry, 'keep', 'it has an entry "keep"');
  return kept(entry, 'keep', `whether it has an entry "keep" is unknown: ${errnoText(errno)}`);
}

function busy(entry: Candidate, { identity }: BusyRef): Swept {
  return { ...kept(entry, 'busy', 'in use'), identity };
}

function outcome(entry: Candidate, { failures, failureCount, remains, ...freed }: Deletion): Swept {
  const [first] = failures;
  if (first === undefined) return deleted(entry, freed);
  const aside = remains.slice(entry.parent.path.length + 1);
  return { ...notDeleted(entry, aside, first, failureCount), freed };
}

function notDeleted(entry: Candidate, name: string, first: FailedCall, count: number): Swept {
  const others = count > 1 ? `, and ${count - 1} more` : '';
  const where = quote(`${name}/${first.path}`);
  return kept(entry, 'failed', `cannot delete ${where}: ${failureText(first)}${others}`);
}

function notOpened(entry: Candidate, error: unknown): Swept {
  if (!(error instanceof LockError)) throw error;
  if (error.code === 'ENOTDIR' || error.code === 'ELOOP') {
    return kept(entry, 'not-a-directory', 'not a directory');
  }
  return kept(entry, 'failed', error.message);
}

function deleted({ name, path }: Candidate, { bytes, inodes }: Freed): Swept {
  return { deleted: { name, path, bytes, inodes }, freed: { bytes, inodes } };
}

function kept({ name, path }: Candidate, why: KeptWhy, message: string): Swept {
  return { kept: { name, path, why, message, holders: [] }, freed: NOTHING };
}
