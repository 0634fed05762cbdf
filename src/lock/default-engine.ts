import type { AdoptOptions } from './adopt-lock.ts';
import { LockEngine } from './engine.ts';
import type { LockSnapshot } from './engine-info.ts';
import type { Lock } from './lock.ts';
import type { LockAllRequest } from './lock-all.ts';
import type { LockOptions, TryLockOptions, WaitOptions } from './lock-options.ts';
import type { LockSet } from './lock-set.ts';

let engine: LockEngine | undefined;

function defaultEngine(): LockEngine {
  return engine ??= new LockEngine();
}

/**
 * Takes a lock if it is free, on the calling thread, within microseconds and without ever
 * waiting. Gives `undefined` when somebody holds a conflicting lock.
 *
 * The file is opened anew, locked with `F_OFD_SETLK`, and compared with the path afterwards, so
 * the lock is on the file that the path names. A shared lock can be had on a directory and on a
 * file that may only be read; an exclusive one needs a regular file that may be written. A file on
 * which somebody has a lease (fcntl(2), "Leases") is busy until he lets go, which this call asks for.
 *
 * @throws {LockError} the code of the failed system call (`ENOENT`, `EACCES`, `EISDIR`, …);
 * `ERR_LOCK_UNSUPPORTED` for a FIFO, device or socket, and where there are no such locks.
 * @throws {TypeError | RangeError} for an argument that cannot be right; no file was touched.
 *
 * @example
 * ```ts
 * import { tryLock } from 'reflock';
 *
 * const lock = tryLock('/tmp/example.ref', { mode: 'shared', create: true });
 * console.log(lock ? 'ours' : 'being deleted, do not use it');
 * lock?.release();
 * ```
 */
export function tryLock(path: string | URL, options?: TryLockOptions): Lock | undefined {
  return defaultEngine().tryLock(path, options);
}

/**
 * Takes a lock as soon as it is free. The event loop goes on meanwhile. Waits for a lock of the
 * same engine are first in, first out, need no thread, and let other processes in from time to time
 * (`maxHandOvers`). A wait for somebody else is a thread blocked in `F_OFD_SETLKW`, or, when
 * `maxThreads` are blocked already, an inotify watch that all such waits share.
 *
 * When the promise rejects, nothing of the wait is left: no descriptor, no thread in the kernel,
 * no lock that turns up later. A pending wait keeps the process alive.
 *
 * One thing can be left: a thread in a call that no signal ends, because the server of a network
 * filesystem does not answer. Then the promise rejects five seconds after the wait was given up. The
 * thread keeps its descriptor, which is closed when the thread comes back, and with it a lock that it
 * was granted meanwhile. Such a thread counts as one of `maxThreads`; it keeps neither `close()` nor
 * the end of the program waiting.
 *
 * @throws {LockError} `ERR_LOCK_TIMEOUT`; `ERR_LOCK_REPLACED` when the file was deleted or replaced
 * during the wait and `create` was not given; and all that {@linkcode tryLock} throws. Arguments
 * that cannot be right reject with `TypeError` or `RangeError`, an abort with `signal.reason`.
 *
 * @example
 * ```ts
 * import { lock } from 'reflock';
 *
 * const held = await lock('/tmp/example.ref', {
 *   create: true,
 *   timeout: 10_000,
 *   onWait: ({ path }) => console.log(`waiting for ${path}`),
 * });
 * held.release();
 * ```
 */
export function lock(path: string | URL, options?: LockOptions): Promise<Lock> {
  // Not `async`, which would put one more step between the grant and the caller.
  try {
    return defaultEngine().lock(path, options);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Holds a lock while `fn` runs, and releases it however `fn` ends. Gives what `fn` gives.
 *
 * @throws whatever {@linkcode lock} or `fn` throws.
 *
 * @example
 * ```ts
 * import { withLock } from 'reflock';
 *
 * const answer = await withLock('/tmp/example.ref', { create: true }, () => 42);
 * console.log(answer);
 * ```
 */
export async function withLock<T>(
  path: string | URL,
  options: LockOptions,
  fn: (lock: Lock) => T | PromiseLike<T>,
): Promise<T> {
  return await defaultEngine().withLock(path, options, fn);
}

/**
 * Takes several locks, all or none. They are taken one after the other in an order that is the same
 * in every process (device, inode, first byte), so two programs that want the same files this way
 * cannot wait for each other for ever. Requests that overlap in one file, whatever they call it,
 * are one lock of the stronger mode on the bytes of both.
 *
 * `timeout` is for all of them together, and `onWait` is called for each lock that is not free.
 *
 * @throws {LockError} all that {@linkcode lock} throws; no lock is held then.
 *
 * @example
 * ```ts
 * import { lockAll } from 'reflock';
 *
 * using set = await lockAll([
 *   { path: '/tmp/source.ref', mode: 'shared', create: true },
 *   { path: '/tmp/target.ref', create: true },
 * ]);
 * const [source, target] = set.locks;
 * console.log(source?.mode, target?.mode); // "shared exclusive"
 * ```
 */
export async function lockAll(
  requests: Iterable<LockAllRequest>,
  options?: WaitOptions,
): Promise<LockSet> {
  return await defaultEngine().lockAll(requests, options);
}

/**
 * Takes over a descriptor that is locked already, for example an inherited one. It becomes the
 * lock's own, close-on-exec. The claim is verified by setting the same lock again.
 *
 * @throws {LockError} `EBADF` when it is not open, or not open for writing and `mode` is exclusive;
 * `ERR_LOCK_BUSY` when it is not locked and cannot be. The descriptor is the caller's then.
 *
 * @example
 * ```ts
 * import { adoptLock, tryLock } from 'reflock';
 *
 * const fd = tryLock('/tmp/example.ref', { create: true })!.detach();
 * const lock = adoptLock(fd, { mode: 'exclusive' });
 * lock.release();
 * ```
 */
export function adoptLock(fd: number, options: AdoptOptions): Lock {
  return defaultEngine().adoptLock(fd, options);
}

/**
 * What the module's engine holds and waits for at this moment, as in the Web Locks API. Locks of
 * other processes, and of engines made with `new`, are not in it.
 *
 * @example
 * ```ts
 * import { query } from 'reflock';
 *
 * for (const { path, mode } of query().held) console.log(path, mode);
 * ```
 */
export function query(): LockSnapshot {
  return defaultEngine().query();
}
