import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import type { Lock } from './lock.ts';
import { belongsToProcess } from './lock-error.ts';
import { quote } from './printable.ts';

/**
 * Starts a program that inherits locks: each stays held until the program, and whoever it hands
 * the descriptor on to, has closed it or exited, even if the lock is released here at once.
 *
 * In the child the locks are the descriptors that follow those of `options.stdio`: 3, 4, … by
 * default, in the order given. All else is as in `spawn()` of `node:child_process`.
 *
 * @throws {LockError} `ERR_LOCK_RELEASED` when one of the locks has ended; `ERR_LOCK_UNSUPPORTED` when
 * one is of the kind `process`, which no child inherits.
 *
 * @example
 * ```ts
 * import { spawnLocked, tryLock } from 'reflock';
 *
 * const lock = tryLock('/tmp/example.ref', { mode: 'shared', create: true })!;
 * spawnLocked([lock], 'sleep', ['0.1'], { stdio: 'inherit' });
 * lock.release(); // and yet held, until `sleep` has ended
 * ```
 */
export function spawnLocked(
  locks: Lock | Iterable<Lock>,
  command: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): ChildProcess {
  const { stdio = 'pipe' } = options;
  const own = typeof stdio === 'string' ? [stdio, stdio, stdio] : [...stdio];
  // A shorter array means pipes for the rest of the first three (child_process, "options.stdio").
  while (own.length < 3) own.push('pipe');
  const fds = Array.from(Symbol.iterator in locks ? locks : [locks], ({ fd, kind, path }) => {
    if (kind === 'ofd') return fd;
    throw belongsToProcess(`Cannot start ${quote(command)} with the lock on ${quote(path)}`, path);
  });
  return spawn(command, [...args], { ...options, stdio: [...own, ...fds] });
}
