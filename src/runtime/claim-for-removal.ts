import type { Survey } from '../../workers/tree-task.ts';
import { nameText } from '../linux/listing.ts';
import { LockError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import { claimTree } from './claim-tree.ts';
import type { HeldRefs } from './held-refs.ts';
import { usedAncestor } from './ancestors.ts';
import type { BusyRef } from './lock-ref.ts';
import { Mounts } from './mounts.ts';
import { COPY } from './partial.ts';
import type { Entry, Place } from './place.ts';
import type { WorkOptions } from './tree-options.ts';

/** How to take them. */
export interface RemovalClaimOptions extends WorkOptions {
  readonly whenBusy?: 'error' | 'skip' | 'wait' | undefined;
  readonly dryRun?: boolean | undefined;
}

/**
 * Takes every lock that the removal of a tree needs: that of the directory of copies for a copy, and
 * the tree's own; gives what was found in it, or who is in the way, also of those who use an ancestor.
 *
 * To wait means to hold nothing, to wait for the lock that was busy, and to try all others again: nobody
 * who needs one of them waits for a remover that waits itself.
 */
export async function claimForRemoval(
  entry: Entry,
  ancestors: readonly Place[],
  held: HeldRefs,
  options: RemovalClaimOptions,
): Promise<Survey | BusyRef> {
  const { timeout = Infinity, whenBusy } = options;
  let deadline: number | undefined;
  const mounts = new Mounts();
  for (;;) {
    const claimed = usedAncestor(ancestors) ?? await tryAll(entry, mounts, held, options);
    if (!('busy' in claimed) || whenBusy !== 'wait') return claimed;
    held.release();
    deadline ??= performance.now() + timeout;
    const left = Math.max(0, Math.round(deadline - performance.now()));
    await replacedIfGone(entry, () => held.waitFor(claimed, { ...options, timeout: left }));
  }
}

async function tryAll(
  entry: Entry,
  mounts: Mounts,
  held: HeldRefs,
  options: RemovalClaimOptions,
): Promise<Survey | BusyRef> {
  const { parent, name, tree } = entry;
  const dryRun = options.dryRun === true;
  if (nameText(name).startsWith(COPY)) {
    const busy = await held.take(parent, false);
    if (busy !== undefined) return busy;
  }
  return await replacedIfGone(
    entry,
    () => claimTree(tree, held, { ...options, dryRun, mounts }),
  );
}

/** A runtime that somebody else has removed meanwhile has no lock files any more. */
async function replacedIfGone<T>({ tree }: Entry, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof LockError) || error.code !== 'ENOENT') throw error;
    const message = `Cannot remove ${quote(tree.path)}: it was removed meanwhile`;
    throw new LockError(message, { code: 'ERR_LOCK_REPLACED', path: tree.path });
  }
}
