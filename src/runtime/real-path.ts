import { pinPath } from '../linux/directory.ts';
import { toName } from '../linux/file-calls.ts';
import { AT_FDCWD, closeFd, pathOf } from '../linux/open.ts';
import { Status } from '../linux/status.ts';
import { LockError, systemError } from '../lock/lock-error.ts';

/** How often a directory may be replaced under us before something other than bad luck is at work. */
const ATTEMPTS = 100;

/**
 * Looks at the directory at a path, through an open descriptor of it. Whoever deletes a runtime has
 * renamed it before, so if the path leads elsewhere afterwards, what was seen means nothing, and the
 * look is taken again.
 *
 * @throws {LockError} when the path cannot be followed; the message begins with `action`.
 */
export function lookAtDirectory<T>(path: string, action: string, look: (fd: number) => T): T {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const fd = pinPath(path);
    if (fd < 0) throw systemError(action, path, 'open', -fd);
    try {
      const seen = look(fd);
      if (isAt(fd, path)) return seen;
    } finally {
      closeFd(fd);
    }
  }
  throw new LockError(`${action}: it was replaced ${ATTEMPTS} times in a row`, {
    code: 'ERR_LOCK_REPLACED',
    path,
  });
}

/**
 * Gives the path by which the kernel knows a directory, without symbolic links. Not by `node:fs`:
 * Node and Bun go by where the process was when it last moved, and Deno asks for a permission.
 *
 * @throws {LockError} when it cannot be found; the message begins with `action`.
 */
export function realPath(path: string, action: string): string {
  return lookAtDirectory(path, action, (fd) => pathOf(fd) ?? path);
}

/** Whether the path still leads to this directory. */
function isAt(fd: number, path: string): boolean {
  const [ours, there] = [new Status(), new Status()];
  return ours.of(fd) === 0 && there.behind(AT_FDCWD, toName(path)) === 0 &&
    ours.identity === there.identity;
}
