import type { Lock } from '../lock/lock.ts';
import type { LockOptions, TryLockOptions, WaitOptions } from '../lock/lock-options.ts';
import { checkWaitOptions, invalid } from '../lock/lock-options.ts';

/** How far some work has come. */
export interface Progress {
  /** How much is done: files, directories and links of a tree, or entries of a collection. */
  done: number;
  /** How much there is in all; 0 while that is not known yet. */
  total: number;
}

/** What takes locks: a `LockEngine`, or the `RemoteEngine` of another thread. */
export interface LockSource {
  /** Takes a lock if it is free. */
  tryLock(
    path: string,
    options: TryLockOptions,
  ): Lock | undefined | Promise<Lock | undefined>;
  /** Takes a lock, waiting for it. */
  lock(path: string, options: LockOptions): Promise<Lock>;
}

/** How to take the locks of runtimes. */
export interface RuntimeOptions extends WaitOptions {
  /** What takes the locks. Default: the engine of the functions `tryLock()` and `lock()`. */
  engine?: LockSource | undefined;
}

/** How to watch over work on trees. */
export interface WorkOptions extends RuntimeOptions {
  /** Told about ten times a second, and at the end. */
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** Checks the options that all such work has. */
export function checkWorkOptions<T extends string>(
  options: WorkOptions & { whenBusy?: T | undefined },
  whenBusy: readonly T[],
): void {
  checkWaitOptions(options);
  const { onProgress, engine } = options;
  if (engine !== undefined && typeof engine?.tryLock !== 'function') {
    throw invalid(TypeError, 'engine', 'must be a LockEngine or a RemoteEngine', engine);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalid(TypeError, 'onProgress', 'must be a function', onProgress);
  }
  const given = options.whenBusy;
  if (given !== undefined && !whenBusy.includes(given)) {
    const words = whenBusy.map((word) => `'${word}'`).join(' or ');
    throw invalid(TypeError, 'whenBusy', `must be ${words}`, given);
  }
  options.signal?.throwIfAborted();
}
