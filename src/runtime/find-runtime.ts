/**
 * Which file is a runtime's `.ref`.
 *
 * | the path given has | it is | the runtime | its lock file |
 * |---|---|---|---|
 * | `files/` | a deployment, as Flatpak makes them | `PATH/files` | `PATH/files/.ref` |
 * | `usr/` | a whole root filesystem, or a container's `/` | `PATH` | `PATH/.ref` |
 * | `bin/` and `lib/`, but no `usr/` | a merged `/usr` | `PATH` | `PATH/.ref` |
 *
 * Everyone must arrive at the same file, or locks would not meet: hence no guesses beyond these.
 */

import { statSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { LockError, quote, systemError } from '../lock/lock-error.ts';

/** A runtime, and the file whose lock says that it is in use. */
export interface FoundRuntime {
  /** The directory that becomes `/usr` or `/` of a container. */
  root: string;
  /** Its lock file, which need not exist yet. */
  ref: string;
  /** What `root` is: a merged `/usr`, or a whole root filesystem. */
  layout: 'usr' | 'root';
}

/**
 * Finds the runtime that a path means: a deployment, a merged `/usr`, or a whole root filesystem.
 *
 * @throws {LockError} `ENOENT` when there is nothing, `ENOTDIR` when it is no directory,
 * `ERR_LOCK_UNSUPPORTED` when it is no runtime.
 *
 * @example
 * ```ts
 * import { findRuntime } from './find-runtime.ts';
 *
 * console.log(findRuntime('/').ref); // "/.ref"
 * ```
 */
export function findRuntime(path: string): FoundRuntime {
  const action = `Cannot use ${quote(path)} as a runtime`;
  try {
    if (!statSync(path).isDirectory()) {
      throw systemError(action, path, 'stat', constants.errno.ENOTDIR);
    }
    if (hasDirectory(path, 'files')) return runtimeAt(join(path, 'files'));
    if (hasDirectory(path, 'usr') || (hasDirectory(path, 'bin') && hasDirectory(path, 'lib'))) {
      return runtimeAt(path);
    }
  } catch (error) {
    if (error instanceof LockError) throw error;
    const { code = '', syscall = 'stat' } = error as NodeJS.ErrnoException;
    const errno = (constants.errno as Record<string, number>)[code];
    if (errno === undefined) throw error;
    throw systemError(action, path, syscall, errno);
  }
  throw new LockError(`${action}: it has no files/, no usr/, and not both bin/ and lib/`, {
    code: 'ERR_LOCK_UNSUPPORTED',
    path,
  });
}

function runtimeAt(root: string): FoundRuntime {
  const layout = hasDirectory(root, 'usr') ? 'root' : 'usr';
  return { root, ref: join(root, '.ref'), layout };
}

function hasDirectory(parent: string, name: string): boolean {
  return statSync(join(parent, name), { throwIfNoEntry: false })?.isDirectory() ?? false;
}
