import { basename } from 'node:path';
import { ENOENT } from '../linux/errno.ts';
import type { Lock } from '../lock/lock.ts';
import { LockError, quote } from '../lock/lock-error.ts';
import { lookAt, type Ref, tryRef, waitForRef } from './lock-ref.ts';
import { type BusyRef, type LockedTree, lockTree } from './lock-tree.ts';
import type { Directory } from './open-directory.ts';
import { COPY } from './partial.ts';
import type { RuntimeOptions } from './tree-options.ts';

/** How to take them. */
export interface RemovalLockOptions extends RuntimeOptions {
  readonly whenBusy?: 'error' | 'skip' | 'wait' | undefined;
  readonly dryRun?: boolean | undefined;
}

/** Takes the locks of the tree, and before them that of the directory of copies. */
export async function lockForRemoval(
  parent: Directory,
  tree: Directory,
  options: RemovalLockOptions,
): Promise<{ release(): void }[] | BusyRef> {
  const create = !options.dryRun;
  const patient = options.whenBusy === 'wait';
  const waitFor = (ref: Ref) => wait(tree, ref, options);
  const tryOne = (ref: Ref) => tryRef(ref, options);
  if (!basename(tree.path).startsWith(COPY)) {
    const taken = await lockTree(tree, create, patient ? waitFor : tryOne);
    return 'busy' in taken ? taken : [taken];
  }
  for (;;) {
    // Whoever holds the lock of the directory may only try those of the copies, or a copier would
    // have to wait for as long as the copy is in use. So the copy's users are waited for first.
    if (patient) releaseAll(await lockTree(tree, create, waitFor));
    const first = await takeFirst(parent, create, patient ? waitFor : tryOne);
    if ('busy' in first) return first;
    let taken: LockedTree | BusyRef | undefined;
    try {
      taken = await lockTree(tree, create, tryOne);
      if (!('busy' in taken)) return [taken, ...first];
      if (!patient) return taken;
    } finally {
      if (taken === undefined || 'busy' in taken) releaseAll(...first);
    }
  }
}

function releaseAll(...taken: readonly (LockedTree | BusyRef)[]): void {
  for (const one of taken) if (!('busy' in one)) one.release();
}

/** Takes the lock of the directory of copies. */
async function takeFirst(
  { path, fd }: Directory,
  create: boolean,
  take: (ref: Ref) => Promise<Lock | undefined>,
): Promise<LockedTree[] | BusyRef> {
  const ref: Ref = { path: '.ref', mode: 'exclusive', create, at: fd };
  // Where there is none yet, nobody can hold it.
  if (!create && lookAt(ref).errno === ENOENT) return [];
  const lock = await take(ref);
  if (lock !== undefined) return [lock];
  return { busy: `${path}/.ref`, identity: lookAt(ref).identity ?? '' };
}

/** The error of a runtime that shall not be removed. */
export function refused(path: string, why: string, code: string): LockError {
  return new LockError(`Cannot remove ${quote(path)}: ${why}`, { code, path });
}

/** Waits for one of the locks; a runtime that somebody else has removed meanwhile has none. */
async function wait(tree: Directory, ref: Ref, options: RemovalLockOptions): Promise<Lock> {
  try {
    return await waitForRef(ref, options);
  } catch (error) {
    if (!(error instanceof LockError) || error.code !== 'ENOENT') throw error;
    throw refused(tree.path, 'it was removed during the wait', 'ERR_LOCK_REPLACED');
  }
}
