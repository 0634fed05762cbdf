import { lookBeneath } from '../linux/directory.ts';
import { AT_FDCWD, closeFd } from '../linux/open.ts';
import { Status } from '../linux/status.ts';
import { lock, tryLock } from '../lock/default-engine.ts';
import { findHolders, type Holder, holdersText } from '../lock/holders.ts';
import type { Lock } from '../lock/lock.ts';
import { LockError } from '../lock/lock-error.ts';
import type { LockMode, LockOptions, WaitInfo } from '../lock/lock-options.ts';
import { cannotLock, fullPath } from '../lock/open-file.ts';
import type { LockSource, RuntimeOptions } from './tree-options.ts';

/** A `.ref` that is to be locked. */
export interface Ref {
  readonly path: string;
  readonly mode: LockMode;
  readonly create: boolean;
  /** The directory from which the path starts. */
  readonly at?: number;
}

const moduleEngine: LockSource = { tryLock, lock };

/** Takes the lock if it is free. */
export async function tryRef(
  ref: Ref,
  { engine = moduleEngine }: RuntimeOptions,
): Promise<Lock | undefined> {
  try {
    return await engine.tryLock(ref.path, toOptions(ref));
  } catch (error) {
    throw named(ref, error);
  }
}

/** Takes the lock, waiting for it. */
export async function waitForRef(
  ref: Ref,
  { signal, timeout, onWait, engine = moduleEngine }: RuntimeOptions,
): Promise<Lock> {
  const tell = (info: WaitInfo): void => onWait?.({ ...info, path: pathOfRef(ref) });
  try {
    return await engine.lock(ref.path, { ...toOptions(ref), signal, timeout, onWait: tell });
  } catch (error) {
    throw named(ref, error);
  }
}

/**
 * Takes the lock.
 *
 * @throws {LockError} `ERR_LOCK_BUSY`, with the holders in its message and `why` at its end, unless
 * it is to wait.
 */
export async function takeRef(
  ref: Ref,
  whenBusy: 'error' | 'wait',
  options: RuntimeOptions,
  why = '',
): Promise<Lock> {
  if (whenBusy === 'wait') return await waitForRef(ref, options);
  const lock = await tryRef(ref, options);
  if (lock !== undefined) return lock;
  throw busyError(ref, await holdersOf(ref), why);
}

/** The error of a lock that is busy. */
export function busyError(ref: Ref, holders: readonly Holder[], why = ''): LockError {
  const path = pathOfRef(ref);
  const action = cannotLock({ path, mode: ref.mode });
  return new LockError(`${action}: ${holdersText(holders)}${why}`, { code: 'ERR_LOCK_BUSY', path });
}

/** Who holds locks on it, as far as can be seen. */
export async function holdersOf(ref: Ref): Promise<Holder[]> {
  const { identity } = lookAt(ref);
  return identity === undefined ? [] : (await findHolders([identity])).get(identity) ?? [];
}

/** Which file it is, by device and inode, or why that cannot be told. */
export function lookAt({ path, at = AT_FDCWD }: Ref): { identity?: string; errno?: number } {
  const fd = lookBeneath(at, path);
  if (fd < 0) return { errno: -fd };
  const status = new Status();
  const errno = status.of(fd);
  closeFd(fd);
  return errno === 0 ? { identity: status.identity } : { errno };
}

/** Whoever named a runtime shall find more in an error than `.ref`. */
function named(ref: Ref, error: unknown): unknown {
  return error instanceof LockError ? Object.assign(error, { path: pathOfRef(ref) }) : error;
}

function pathOfRef({ path, at: dirfd = AT_FDCWD }: Ref): string {
  return fullPath({ path, dirfd });
}

function toOptions({ mode, create, at }: Ref): LockOptions {
  return { mode, create, at, beneath: true };
}
