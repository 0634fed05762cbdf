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

import type { Names, Survey } from '../../workers/tree-task.ts';
import { EXDEV } from '../linux/errno.ts';
import { nameText } from '../linux/listing.ts';
import type { LockError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import type { HeldRefs } from './held-refs.ts';
import type { BusyRef } from './lock-ref.ts';
import type { Mounts } from './mounts.ts';
import { mountedAt, type Place } from './place.ts';
import { surveyTree } from './tree-work.ts';
import type { WorkOptions } from './tree-options.ts';

/** How to claim a tree. */
export interface ClaimOptions extends WorkOptions {
  readonly dryRun: boolean;
  /** What is mounted on this machine. */
  readonly mounts: Mounts;
}

/** Takes the locks of a tree into `held`; gives what was found in it, or who is in the way. */
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
  const nested = await takeNested(tree, survey.refs, held);
  return nested ?? (dryRun ? undefined : await takeAll(own, held, true)) ?? survey;
}

/** Tells who has begun to use a part of the tree before it was renamed. */
export async function lateUser(
  tree: Place,
  { unmarked }: Survey,
  held: HeldRefs,
): Promise<BusyRef | undefined> {
  return await takeNested(tree, unmarked, held);
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

async function takeNested(
  tree: Place,
  all: readonly Names[],
  held: HeldRefs,
): Promise<BusyRef | undefined> {
  for (const names of all) {
    const place = descend(tree, names);
    if (place === undefined) continue;
    let busy: BusyRef | undefined;
    try {
      busy = await held.take(place, false);
      if (busy === undefined) continue;
      // It stays open, for somebody may want to wait for its lock.
      if (place !== tree) held.own(place);
      return busy;
    } finally {
      if (busy === undefined && place !== tree) place.close();
    }
  }
  return undefined;
}

/** Opens a directory below another one; `undefined` when it is no longer there. */
function descend(tree: Place, names: Names): Place | undefined {
  let at = tree;
  for (const name of names) {
    const next = at.openIfThere(nameText(name), name);
    if (at !== tree) at.close();
    if (next === undefined) return undefined;
    at = next;
  }
  return at;
}

function cannotDelete(tree: Place, where: string): LockError {
  return mountedAt(`Cannot delete ${quote(tree.path)}`, where);
}
