/**
 * Which locks a remover must have before the first entry of a tree goes.
 *
 * 1. Those of the tree itself: `.ref`, `files/.ref` (users of a deployment) and `usr/.ref`
 *    (containers of a copy). They are tried first, because a busy one spares the rest.
 * 2. Every other `.ref` below it: a runtime, or a copy, may lie in it and be in use. A look through
 *    the whole tree finds them, and finds what is mounted in it.
 * 3. Those of (1) that are missing are made, because a user would make them, and must find them locked.
 * 4. After the tree has been renamed, one more look at the directories without a `.ref` that could be
 *    used: a user may have come before the rename, and nobody can come after it.
 *
 * That nobody uses a runtime in which the tree lies is made sure of before (`ancestors.ts`).
 */

import type { Noted, Survey } from '../../workers/tree-task.ts';
import { Descent } from '../linux/descent.ts';
import { EXDEV } from '../linux/errno.ts';
import { LockError, systemError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import type { HeldRefs } from './held-refs.ts';
import { type BusyRef, checkMakeable } from './lock-ref.ts';
import type { Mounts } from './mounts.ts';
import { GONE, mountedAt, Place } from './place.ts';
import { surveyTree } from './tree-work.ts';
import type { WorkOptions } from './tree-options.ts';

/** How to claim a tree. */
export interface ClaimOptions extends WorkOptions {
  readonly dryRun: boolean;
  /** What is mounted on this machine. */
  readonly mounts: Mounts;
}

/**
 * Takes the locks of a tree into `held`; gives what was found in it, or who is in the way. Where there
 * are obstacles nothing is made.
 *
 * @throws {LockError} when something is mounted in it, or it cannot be made sure that nobody uses it.
 */
export async function claimTree(
  tree: Place,
  held: HeldRefs,
  options: ClaimOptions,
): Promise<Survey | BusyRef> {
  const { dryRun, mounts } = options;
  const mounted = mounts.below(tree);
  if (mounted !== undefined) throw cannotDelete(tree, mounted);
  const own = openOwn(tree, held);
  const busy = await takeAll(own, held, false);
  if (busy !== undefined) return busy;
  const survey = await surveyTree(tree, dryRun ? 'dry run' : 'delete', options);
  options.signal?.throwIfAborted();
  const inside = survey.obstacles.find(({ errno }) => errno === EXDEV);
  if (inside !== undefined) throw cannotDelete(tree, `${tree.path}/${inside.path}`);
  if (survey.stopped) throw changed(tree);
  const nested = await takeNested(tree, survey.noted, 'ref', held);
  if (nested !== undefined) return nested;
  if (survey.obstacles.length > 0) return survey;
  if (!dryRun) return await takeAll(own, held, true) ?? survey;
  own.forEach(checkMakeable);
  return survey;
}

/** Tells who has begun to use a part of the tree before it was renamed. */
export async function lateUser(
  tree: Place,
  { noted }: Survey,
  held: HeldRefs,
): Promise<BusyRef | undefined> {
  return await takeNested(tree, noted, 'unmarked', held);
}

/** Opens where the users of the tree have their locks, as a rule. */
function openOwn(tree: Place, held: HeldRefs): Place[] {
  const own = [tree];
  for (const name of ['files', 'usr']) {
    const place = tree.openBeneath(name, 'refuse');
    if (place !== undefined) own.push(held.own(place));
  }
  return own;
}

async function takeAll(
  places: readonly Place[],
  held: HeldRefs,
  create: boolean,
): Promise<BusyRef | undefined> {
  for (const place of places) {
    const busy = await held.take(place, create);
    if (busy !== undefined) return busy;
  }
  return undefined;
}

/** Takes the locks of all directories in the tree that have such a mark, on one way through it. */
async function takeNested(
  tree: Place,
  noted: readonly Noted[],
  mark: 'ref' | 'unmarked',
  held: HeldRefs,
): Promise<BusyRef | undefined> {
  const leads = leadingTo(noted, mark);
  const way: number[] = [];
  const descent = new Descent(tree.fd, 'refuse');
  try {
    for (const [index, { up, name, mark: its }] of noted.entries()) {
      if (!leads[index]) continue;
      // It lies in one that is no longer there.
      if (up !== -1 && !leads[up]) {
        leads[index] = false;
        continue;
      }
      for (; (way.at(-1) ?? -1) !== up; way.pop()) if (descent.up() !== 0) throw changed(tree);
      const errno = descent.down(name);
      leads[index] = errno === 0;
      if (GONE.includes(errno)) continue;
      if (errno === EXDEV) throw cannotDelete(tree, tree.path);
      if (errno !== 0) throw systemError(cannot(tree), tree.path, 'open', errno);
      way.push(index);
      if (its !== mark) continue;
      const place = new Place(tree.path, descent.fd);
      const busy = await held.take(place, false);
      // It stays open, for somebody may want to wait for its lock.
      if (busy !== undefined) {
        return { ...busy, ref: { ...busy.ref, in: held.own(place.readable()) } };
      }
    }
    return undefined;
  } finally {
    descent.close();
  }
}

/** Which directories have the mark, or lead to one that has it. */
function leadingTo(noted: readonly Noted[], mark: 'ref' | 'unmarked'): boolean[] {
  const leads = noted.map((one) => one.mark === mark);
  for (let index = noted.length - 1; index >= 0; index--) {
    const { up } = noted[index]!;
    if (leads[index] && up !== -1) leads[up] = true;
  }
  return leads;
}

function cannot({ path }: Place): string {
  return `Cannot delete ${quote(path)}`;
}

function cannotDelete(tree: Place, where: string): LockError {
  return mountedAt(cannot(tree), where);
}

/** Directories were moved during the look, so a part of the tree may not have been seen. */
function changed(tree: Place): LockError {
  return new LockError(`${cannot(tree)}: it was changed while it was looked through`, {
    code: 'ERR_LOCK_REPLACED',
    path: tree.path,
  });
}
