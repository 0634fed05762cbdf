import { join } from 'node:path';
import type { Lock } from '../lock/lock.ts';
import { LockError, quote } from '../lock/lock-error.ts';
import { toPath } from '../lock/lock-options.ts';
import { findRuntime, type FoundRuntime } from './find-runtime.ts';
import { takeRef } from './lock-ref.ts';
import { refusePartial } from './partial.ts';
import { realPath } from './real-path.ts';
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
 * @throws {LockError} `ERR_LOCK_BUSY` when it is being deleted; `ERR_LOCK_REPLACED` when it was
 * deleted during the wait; `ERR_LOCK_UNSUPPORTED` when it is no runtime, or only a part of one that
 * a killed copier or collector has left; `EXDEV` when its `.ref` is a symbolic link that leads out
 * of it; and what `lock()` throws.
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
  checkWorkOptions(options, ['error', 'wait']);
  const name = toPath(path);
  for (;;) {
    const found = findReal(name);
    const lock = await takeShared(found, options);
    try {
      // Whoever was waited for may have set it aside, and a path such as "." comes along; or they
      // have put another runtime in its place, even one of another layout.
      const { ref, layout } = findReal(name);
      if (ref === found.ref && layout === found.layout) return { ...found, lock };
    } catch (error) {
      lock.release();
      throw error;
    }
    lock.release();
  }
}

/** Finds the runtime as the kernel knows it: a link to it may lead to another one tomorrow. */
function findReal(path: string): FoundRuntime {
  const { root, layout } = findRuntime(path);
  const real = realPath(root, `Cannot use ${quote(root)} as a runtime`);
  refusePartial(real);
  return { root: real, ref: join(real, '.ref'), layout };
}

async function takeShared({ root, ref }: FoundRuntime, options: UseOptions): Promise<Lock> {
  const { whenBusy = 'error' } = options;
  const take = (path: string, create: boolean) =>
    takeRef({ path, mode: 'shared', create }, whenBusy, options, BUSY);
  try {
    // Creation would need a filesystem that can be written; a `.ref` that is there needs none.
    return await take(ref, false);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  // Of a mutable copy that somebody deletes in place the link may have gone first, and what it led
  // to is still locked.
  const inner = await take(join(root, 'usr/.ref'), false).catch((error) => {
    if (!isMissing(error)) throw error;
  });
  try {
    return await take(ref, true);
  } finally {
    inner?.release();
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof LockError && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
