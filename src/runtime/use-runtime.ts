import { join } from 'node:path';
import type { Lock } from '../lock/lock.ts';
import { LockError } from '../lock/lock-error.ts';
import { toPath, type WaitInfo } from '../lock/lock-options.ts';
import { quote } from '../lock/printable.ts';
import { type FoundRuntime, type OpenRuntime, openRuntime } from './find-runtime.ts';
import { takeRef } from './lock-ref.ts';
import { refusePartial } from './partial.ts';
import type { Place } from './place.ts';
import { checkWorkOptions, type RuntimeOptions } from './tree-options.ts';

const BUSY = ': it is being deleted, so do not use it';

/** How to use a runtime. */
export interface UseOptions extends RuntimeOptions {
  /**
   * What to do while somebody holds the runtime exclusively, because they are deleting it.
   * @default {'error'}
   */
  whenBusy?: 'error' | 'wait' | undefined;
}

/** A runtime that cannot be deleted as long as its lock is held. */
export interface RuntimeUse extends FoundRuntime {
  /** The shared lock on `ref`, to be released or handed to a child by `spawnLocked()`. */
  lock: Lock;
}

/**
 * Takes a runtime into use: finds its root and its `.ref`, and locks that shared. No collector or
 * remover can delete the runtime until the lock has been released, and so has the lock of every
 * child that inherited it.
 *
 * The path may be a deployment (with `files/`), a whole root filesystem (with `usr/`), or a merged
 * `/usr` (with `bin/` and `lib/`); within a container it is `/`. A missing `.ref` is created; one
 * that is there may lie on a filesystem that is read-only.
 *
 * The path is followed once, and what it led to is what is locked. A symbolic link in it is followed
 * if root or the caller made it, or the owner of the directory to which it leads.
 *
 * @throws {LockError} `ERR_LOCK_BUSY` when it is being deleted; `ERR_LOCK_REPLACED` when it was
 * deleted during the wait; `ERR_NOT_A_RUNTIME` when it is no runtime, or only a part of one that
 * a killed copier or collector has left; `EACCES` for a link that is not followed; `EXDEV` when its
 * `.ref` is a symbolic link that leads out of it; and what `lock()` throws.
 *
 * @example
 * ```ts
 * import { mkdirSync } from 'node:fs';
 * import { spawnLocked } from 'reflock';
 * import { useRuntime } from 'reflock/runtime';
 *
 * mkdirSync('/tmp/example-runtime/usr/bin', { recursive: true });
 * const { root, lock } = await useRuntime('/tmp/example-runtime');
 * spawnLocked(lock, 'ls', [root], { stdio: 'ignore' });
 * lock.release(); // ls has a lock of its own
 * ```
 */
export async function useRuntime(
  path: string | URL,
  options: UseOptions = {},
): Promise<RuntimeUse> {
  const { place, layout, lock } = await openUse(path, options);
  const root = place.fullPath;
  place.close();
  return { root, ref: join(root, '.ref'), layout, lock };
}

/** A runtime that is in use, and open. */
export interface OpenUse extends OpenRuntime {
  readonly lock: Lock;
}

/** The same for somebody who goes on from the open directory. */
export async function openUse(path: string | URL, options: UseOptions): Promise<OpenUse> {
  checkWorkOptions(options, ['error', 'wait']);
  const name = toPath(path);
  for (;;) {
    const found = openWhole(name);
    let lock: Lock | undefined;
    let waited: string | undefined;
    try {
      const onWait = (info: WaitInfo): void => {
        waited = info.path;
        options.onWait?.(info);
      };
      lock = await takeShared(found.place, { ...options, onWait });
      const now = whatIsThere(name, waited);
      if (now.identity === found.place.identity && now.layout === found.layout) {
        return { ...found, lock };
      }
      // Those whom it waited for have put another one in its place.
      if (waited !== undefined && now.identity !== found.place.identity) throw replaced(waited);
    } catch (error) {
      lock?.release();
      found.place.close();
      throw error;
    }
    // Without a wait it is as if the path had been followed a moment later.
    lock.release();
    found.place.close();
  }
}

function openWhole(name: string): OpenRuntime {
  const found = openRuntime(name);
  try {
    refusePartial(found.place);
    return found;
  } catch (error) {
    found.place.close();
    throw error;
  }
}

/** Follows the path once more, to compare: a remover renames a runtime before it deletes it. */
function whatIsThere(
  name: string,
  waited: string | undefined,
): Pick<Place, 'identity'> & Pick<OpenRuntime, 'layout'> {
  try {
    const { place, layout } = openWhole(name);
    place.close();
    return { identity: place.identity, layout };
  } catch (error) {
    throw waited === undefined ? error : replaced(waited);
  }
}

function replaced(path: string): LockError {
  const message = `Cannot lock ${quote(path)} for reading: ` +
    'the runtime was deleted or replaced during the wait';
  return new LockError(message, { code: 'ERR_LOCK_REPLACED', path });
}

async function takeShared(place: Place, options: UseOptions): Promise<Lock> {
  const { whenBusy = 'error' } = options;
  const take = (where: Place, create: boolean) =>
    takeRef({ in: where, mode: 'shared', create }, whenBusy, options, BUSY);
  // Creation would need a filesystem that can be written; a `.ref` that is there needs none.
  const there = await takeIfThere(() => take(place, false));
  if (there !== undefined) return there;
  // Of a mutable copy that somebody deletes in place the link may have gone first, and what it led
  // to is still locked.
  const usr = place.openBeneath('usr', 'enter');
  let inner: Lock | undefined;
  try {
    if (usr !== undefined) inner = await takeIfThere(() => take(usr, false));
    return await take(place, true);
  } finally {
    inner?.release();
    usr?.close();
  }
}

async function takeIfThere(take: () => Promise<Lock>): Promise<Lock | undefined> {
  try {
    return await take();
  } catch (error) {
    if (error instanceof LockError && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
