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

import { join } from 'node:path';
import { openDirectoryBeneath } from '../linux/directory.ts';
import { ENOENT, ENOTDIR } from '../linux/errno.ts';
import { toName } from '../linux/file-calls.ts';
import { DT_DIR } from '../linux/listing.ts';
import { closeFd } from '../linux/open.ts';
import { Status } from '../linux/status.ts';
import { LockError, quote, systemError } from '../lock/lock-error.ts';
import { lookAtDirectory } from './real-path.ts';

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
  const found = lookAtDirectory(path, action, (fd) => lookInto(fd, path, action));
  if (found !== undefined) return found;
  throw new LockError(`${action}: it has no files/, no usr/, and not both bin/ and lib/`, {
    code: 'ERR_LOCK_UNSUPPORTED',
    path,
  });
}

function lookInto(fd: number, path: string, action: string): FoundRuntime | undefined {
  const status = new Status();
  const has = (name: string): boolean => {
    const errno = status.behind(fd, toName(name));
    if (errno === 0) return status.type === DT_DIR;
    if (errno === ENOENT || errno === ENOTDIR) return false;
    throw systemError(action, join(path, name), 'statx', errno);
  };
  // A link that leads out of a deployment is no part of it.
  const files = openDirectoryBeneath(fd, 'files');
  if (files >= 0) {
    closeFd(files);
    return runtimeAt(join(path, 'files'), has('files/usr'));
  }
  const whole = has('usr');
  return whole || (has('bin') && has('lib')) ? runtimeAt(path, whole) : undefined;
}

function runtimeAt(root: string, whole: boolean): FoundRuntime {
  return { root, ref: join(root, '.ref'), layout: whole ? 'root' : 'usr' };
}
