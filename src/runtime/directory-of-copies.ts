import { dirname, sep } from 'node:path';
import { EEXIST, ENOENT } from '../linux/errno.ts';
import { fileCalls, toName } from '../linux/file-calls.ts';
import { AT_FDCWD } from '../linux/open.ts';
import { Status } from '../linux/status.ts';
import { LockError, quote, systemError } from '../lock/lock-error.ts';
import { Directory } from './open-directory.ts';
import { realPath } from './real-path.ts';

/**
 * Opens the directory in which copies of a runtime are to be made, and makes it if it is missing.
 *
 * @throws {LockError} `EINVAL` when it lies in the runtime: a copy would never be complete.
 */
export function openCopies(root: string, parent: string): Directory {
  const action = `Cannot copy ${quote(root)} into ${quote(parent)}`;
  const source = realPath(root, action).replace(/\/*$/, sep);
  if (`${realPath(whatIsThere(parent), action)}${sep}`.startsWith(source)) {
    throw new LockError(`${action}: it lies in what is to be copied`, {
      code: 'EINVAL',
      path: parent,
    });
  }
  makeDirectories(parent, action);
  return Directory.open(parent);
}

/** The path itself, or of what lies above it the first that exists. */
function whatIsThere(path: string): string {
  if (path === '') return path;
  const missing = new Status().behind(AT_FDCWD, toName(path)) === ENOENT;
  return missing && dirname(path) !== path ? whatIsThere(dirname(path)) : path;
}

/** Makes a directory for its owner alone, and those above it that are missing. */
function makeDirectories(path: string, action: string): void {
  const make = (): number => {
    const calls = fileCalls();
    return calls.mkdirat(AT_FDCWD, toName(path), 0o700) === -1 ? calls.errno() : 0;
  };
  let errno = make();
  if (errno === ENOENT && dirname(path) !== path) {
    makeDirectories(dirname(path), action);
    errno = make();
  }
  // What is there may be a file; then it cannot be opened as a directory.
  if (errno !== 0 && errno !== EEXIST) throw systemError(action, path, 'mkdir', errno);
}
