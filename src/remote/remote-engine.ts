import type { LockEngine } from '../lock/engine.ts';

/** A method whose result comes as a promise. */
export type Asynchronous<Method> = Method extends (...args: infer Args) => infer Result
  ? (...args: Args) => Promise<Result>
  : never;

/**
 * An engine of another thread, as `connectEngine()` gives it: a `LockEngine` of which `tryLock()`,
 * `adoptLock()`, `query()` and `stats()` give promises too, and all else is the same.
 *
 * - Locks are of the class `Lock`. Their descriptors are the whole process's, so `fd` and
 *   `spawnLocked()` can be used, and `release()`, `downgrade()` and `tryUpgrade()` have acted when
 *   they return; where an upgrade waits in the kernel, `release()` a moment later. `detach()` gives
 *   another number than `fd` was.
 * - Locks of the kind `process` belong to the main thread: there `release()` and `downgrade()` act a
 *   moment later, and `tryUpgrade()` is `ERR_LOCK_UNSUPPORTED`. Where the process has some on a file,
 *   the release of an `ofd` lock on it by another thread ends them, as any close does (fcntl(2)).
 * - The engine's thread opens the file. So what `at` names must stay open, and the current directory
 *   must stay the same, until the wait has begun or the promise has settled.
 * - The queue, the limit of threads, `query()` and `stats()` are those of the engine, with all its
 *   clients.
 * - What is beyond the `maxLocks` of `exposeEngine()` is `ERR_LOCK_LIMIT`, and `adoptLock()` is
 *   `ERR_LOCK_UNSUPPORTED` where that does not allow it.
 * - A lock that is dropped without being released is released when it is collected as garbage, with
 *   a warning that names the file.
 * - `close()` ends the waits of this client alone, and locks that are held stay held.
 * - When the engine's thread has ended, waits and all further requests reject with
 *   `ERR_LOCK_CLOSED`; locks that are held stay held, and can be released. If it has never answered,
 *   nobody can tell: then a wait ends by its signal, its timeout or `close()`.
 */
export interface RemoteEngine extends RemoteOf<LockEngine> {}

/** The same methods, of which those that give no promise give one. */
export type RemoteOf<Engine> = {
  [Name in keyof Engine]: Engine[Name] extends (...args: never[]) => Promise<unknown> ? Engine[Name]
    : Asynchronous<Engine[Name]>;
};
