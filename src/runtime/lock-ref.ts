import { lookBeneath } from '../linux/directory.ts';
import { ENOENT } from '../linux/errno.ts';
import { closeFd } from '../linux/open.ts';
import { Status } from '../linux/status.ts';
import { lock, tryLock } from '../lock/default-engine.ts';
import { findHolders, type Holder, holdersText } from '../lock/holders.ts';
import type { Lock } from '../lock/lock.ts';
import { LockError, systemError } from '../lock/lock-error.ts';
import type { LockMode, LockOptions, WaitInfo } from '../lock/lock-options.ts';
import { cannotLock, fullPath } from '../lock/open-file.ts';
import type { Place } from './place.ts';
import { mayChange } from './rights.ts';
import type { LockSource, RuntimeOptions } from './tree-options.ts';

const NAME = '.ref';

/** The `.ref` of an open directory, which is to be locked. */
export interface Ref {
  readonly in: Place;
  readonly mode: LockMode;
  readonly create: boolean;
}

/** A lock that somebody else holds. */
export interface BusyRef {
  /** Its path. */
  readonly busy: string;
  /** Device and inode, to find its holders by; `''` when it has gone meanwhile. */
  readonly identity: string;
  /** What to wait for. */
  readonly ref: Ref;
  /** Whether it is that of a runtime in which the tree lies, which is only waited for. */
  readonly isAncestor?: boolean;
}

const moduleEngine: LockSource = { tryLock, lock };

/** Takes the lock if it is free. */
export async function tryRef(
  ref: Ref,
  { engine = moduleEngine }: RuntimeOptions,
): Promise<Lock | undefined> {
  try {
    return await engine.tryLock(NAME, toOptions(ref));
  } catch (error) {
    throw named(pathOfRef(ref), error);
  }
}

/** Takes the lock, waiting for it. */
export async function waitForRef(
  ref: Ref,
  { signal, timeout, onWait, engine = moduleEngine }: RuntimeOptions,
): Promise<Lock> {
  // As it is now: a remover may rename the directory during the wait.
  const path = pathOfRef(ref);
  const tell = (info: WaitInfo): void => onWait?.({ ...info, path });
  try {
    return await engine.lock(NAME, { ...toOptions(ref), signal, timeout, onWait: tell });
  } catch (error) {
    throw named(path, error);
  }
}

/**
 * Takes the lock for somebody who keeps it.
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
  const wait = whenBusy === 'wait';
  const lock = await (wait ? waitForRef(ref, options) : tryRef(ref, options));
  if (lock !== undefined) return inFull(ref, lock);
  throw busyError({ path: pathOfRef(ref), mode: ref.mode }, await holdersOf(ref), why);
}

/** The error of a lock that is busy. */
export function busyError(
  { path, mode }: { path: string; mode: LockMode },
  holders: readonly Holder[],
  why = '',
): LockError {
  const action = cannotLock({ path, mode });
  return new LockError(`${action}: ${holdersText(holders)}${why}`, { code: 'ERR_LOCK_BUSY', path });
}

/** Who holds locks on it, as far as can be seen. */
export async function holdersOf(ref: Ref): Promise<Holder[]> {
  const { identity } = lookAt(ref.in);
  return identity === undefined ? [] : (await findHolders([identity])).get(identity) ?? [];
}

/** Which file is a directory's `.ref`, and whose, or why that cannot be told. */
export function lookAt({ fd: dirfd }: Place): { identity?: string; uid?: number; errno?: number } {
  const fd = lookBeneath(dirfd, NAME);
  if (fd < 0) return { errno: -fd };
  const status = new Status();
  const errno = status.of(fd);
  closeFd(fd);
  return errno === 0 ? { identity: status.identity, uid: status.uid } : { errno };
}

/** Makes sure that the `.ref` of a directory, if it is missing, could be made. */
export function checkMakeable(place: Place): void {
  if (lookAt(place).errno !== ENOENT) return;
  const errno = mayChange(place);
  if (errno === 0) return;
  const path = pathOfRef({ in: place, mode: 'exclusive', create: true });
  throw systemError(cannotLock({ path, mode: 'exclusive' }), path, 'access', errno);
}

/** Tells of a `.ref` that is busy. */
export function busyRef(ref: Ref): BusyRef {
  return { busy: pathOfRef(ref), identity: lookAt(ref.in).identity ?? '', ref };
}

/** Whoever named a runtime shall find more in an error than `.ref`. */
function named(path: string, error: unknown): unknown {
  return error instanceof LockError ? Object.assign(error, { path }) : error;
}

/** Where it is, for messages. */
export function pathOfRef({ in: { fd } }: Ref): string {
  return fullPath({ path: NAME, dirfd: fd });
}

/** A lock is asked for below an open directory, and its users look for it elsewhere too. */
function inFull(ref: Ref, lock: Lock): Lock {
  return Object.assign(lock, { path: pathOfRef(ref) });
}

function toOptions({ in: { fd }, mode, create }: Ref): LockOptions {
  return { mode, create, at: fd, beneath: true };
}
