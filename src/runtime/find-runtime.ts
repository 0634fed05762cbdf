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
import { ENOENT, ENOTDIR } from '../linux/errno.ts';
import { toName } from '../linux/file-calls.ts';
import { DT_DIR } from '../linux/listing.ts';
import { Status } from '../linux/status.ts';
import { LockError, systemError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import { Place } from './place.ts';

/** A runtime, and the file whose lock says that it is in use. */
export interface FoundRuntime {
  /** The directory that becomes `/usr` or `/` of a container. */
  root: string;
  /** Its lock file, which need not exist yet. */
  ref: string;
  /** What `root` is: a merged `/usr`, or a whole root filesystem. */
  layout: 'usr' | 'root';
}

/** The same, open: `place` is the root, and its `.ref` the lock file. */
export interface OpenRuntime {
  readonly place: Place;
  readonly layout: FoundRuntime['layout'];
}

/** How often a directory may be replaced under us before something other than bad luck is at work. */
const ATTEMPTS = 100;

/**
 * Finds the runtime that a path means: a deployment, a merged `/usr`, or a whole root filesystem.
 *
 * @throws {LockError} `ENOENT` when there is nothing, `ENOTDIR` when it is no directory,
 * `ERR_NOT_A_RUNTIME` when it is no runtime, `EACCES` for a link that is not followed.
 *
 * @example
 * ```ts
 * import { findRuntime } from './find-runtime.ts';
 *
 * console.log(findRuntime('/').ref); // "/.ref"
 * ```
 */
export function findRuntime(path: string): FoundRuntime {
  const { place, layout } = openRuntime(path);
  place.close();
  return { root: place.path, ref: join(place.path, '.ref'), layout };
}

/**
 * The same, and opens it. A remover renames a runtime before it deletes it. So when the path leads
 * elsewhere afterwards, what was seen may have been a half, and the look is taken again.
 */
export function openRuntime(path: string): OpenRuntime {
  const action = `Cannot use ${quote(path)} as a runtime`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const places = [Place.at(path, action)];
    const [given] = places as [Place];
    try {
      const found = runtimeIn(given, action);
      if (found !== undefined && found.place !== given) places.push(found.place);
      if (given.isAt(path)) {
        if (found === undefined) throw notARuntime(action, path, NO_LAYOUT);
        places.splice(places.indexOf(found.place), 1);
        return found;
      }
    } finally {
      for (const place of places) place.close();
    }
  }
  throw new LockError(`${action}: it was replaced ${ATTEMPTS} times in a row`, {
    code: 'ERR_LOCK_REPLACED',
    path,
  });
}

const NO_LAYOUT = 'it has no files/, no usr/, and not both bin/ and lib/';

/** Finds the runtime that an open directory is or has. Its place is another one, or the same. */
export function runtimeIn(given: Place, action: string): OpenRuntime | undefined {
  // A link that leads out of a deployment is no part of it.
  const files = given.openBeneath('files', 'enter');
  if (files !== undefined) {
    return { place: files, layout: has(files, 'usr', action) ? 'root' : 'usr' };
  }
  if (has(given, 'usr', action)) return { place: given, layout: 'root' };
  const merged = has(given, 'bin', action) && has(given, 'lib', action);
  return merged ? { place: given, layout: 'usr' } : undefined;
}

/** Makes sure that an open directory is a runtime, or has one. */
export function requireRuntime(given: Place, action: string): void {
  const found = runtimeIn(given, action);
  if (found === undefined) throw notARuntime(action, given.path, NO_LAYOUT);
  if (found.place !== given) found.place.close();
}

/** The error of a directory that is no runtime. */
export function notARuntime(action: string, path: string, why: string): LockError {
  return new LockError(`${action}: ${why}`, { code: 'ERR_NOT_A_RUNTIME', path });
}

function has({ fd, path }: Place, name: string, action: string): boolean {
  const status = new Status();
  const errno = status.behind(fd, toName(name));
  if (errno === 0) return status.type === DT_DIR;
  if (errno === ENOENT || errno === ENOTDIR) return false;
  throw systemError(action, join(path, name), 'statx', errno);
}
