import { type DeleteDone, DONE, newTreeWords, type Survey } from '../../workers/tree-task.ts';
import { nameText } from '../linux/listing.ts';
import { LockError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import { usedAncestor } from './ancestors.ts';
import { lateUser } from './claim-tree.ts';
import type { HeldRefs } from './held-refs.ts';
import { type BusyRef, busyRef } from './lock-ref.ts';
import type { Entry, Place } from './place.ts';
import { type Aside, setAside } from './set-aside.ts';
import type { WorkOptions } from './tree-options.ts';
import { deleteTree } from './tree-work.ts';

/** What was made sure of before. */
export interface Claimed {
  readonly held: HeldRefs;
  /** The runtimes in which the tree lies, which nobody used. */
  readonly ancestors: readonly Place[];
}

/** What has become of a tree that was claimed. */
export interface Deletion extends DeleteDone {
  /** Where what could not be deleted lies now. */
  readonly remains: string;
  /** Whether nothing could be deleted, so that it has its name again. */
  readonly isWhole: boolean;
}

/**
 * Deletes a tree whose locks are all held: renames it aside first, so that nobody finds a half of it.
 * If that was too late, or if the work cannot even begin, the tree has its name again.
 *
 * @throws {LockError} when it cannot be deleted at all; the message tells where it is.
 */
export async function deleteClaimed(
  { parent, name, tree }: Entry,
  survey: Survey,
  { held, ancestors }: Claimed,
  options: WorkOptions,
): Promise<Deletion | BusyRef> {
  const aside = setAside(parent, nameText(name), name, tree);
  const remains = `${parent.path}/${aside.name}`;
  let late: BusyRef | undefined;
  try {
    late = usedAncestor(ancestors) ?? await lateUser(tree, survey, held);
  } catch (error) {
    putBack(aside, tree.path, remains, (error as Error).message);
    throw error;
  }
  if (late !== undefined) {
    putBack(aside, tree.path, remains, 'somebody has begun to use it');
    // Its path is what it was again.
    return busyRef(late.ref);
  }
  const words = newTreeWords();
  try {
    const total = survey.total + held.made;
    const done = await deleteTree(parent, aside.bytes, tree, { words, total }, options);
    const isFutile = done.failureCount > 0 && Atomics.load(words, DONE) <= held.made;
    const isWhole = isFutile && aside.undo();
    // What was made in order to lock it is nothing that the tree had.
    const inodes = Math.max(0, done.inodes - held.made);
    return { ...done, inodes, isWhole, remains: isWhole ? tree.path : remains };
  } catch (error) {
    // An error that is not ours is of the caller's own `onProgress`, which knows what it has thrown.
    const why = error instanceof Error ? error.message : String(error);
    if (Atomics.load(words, DONE) === 0) putBack(aside, tree.path, remains, why);
    else if (error instanceof LockError) throw halfDeleted(tree.path, remains, why);
    throw error;
  }
}

function putBack(aside: Aside, path: string, remains: string, why: string): void {
  if (aside.undo()) return;
  const message = `Cannot delete ${quote(path)}: ${why}; it is called ${quote(remains)} now`;
  throw new LockError(message, { code: 'ERR_LOCK_REPLACED', path });
}

function halfDeleted(path: string, remains: string, why: string): LockError {
  const message = `Cannot delete the rest of ${quote(path)}, which is called ${
    quote(remains)
  } now: `;
  return new LockError(message + why, { code: 'ERR_LOCK_UNSUPPORTED', path });
}
