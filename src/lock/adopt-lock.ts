import { EBADF } from '../linux/errno.ts';
import { identify } from '../linux/identity.ts';
import { libc } from '../linux/libc.ts';
import { closeOnExec, pathOf } from '../linux/open.ts';
import { Description, isBusy } from './description.ts';
import { lockCallError, LockError, systemError } from './lock-error.ts';
import { invalid, isFd, toRequest } from './lock-options.ts';
import type { LockKind, LockMode, LockRange, LockRequest } from './lock-options.ts';
import { quote } from './printable.ts';

/** Which lock the descriptor already carries. */
export interface AdoptOptions {
  /** The mode in which it is locked. */
  mode: LockMode;
  /**
   * To whom the kernel counts it.
   * @default {'ofd'}
   */
  kind?: LockKind | undefined;
  /** The locked bytes. Default: the whole file. */
  range?: LockRange | undefined;
}

/** Checks what the caller gave, before the descriptor is touched. */
export function checkAdopt(fd: number, { mode, kind, range }: AdoptOptions): void {
  if (!isFd(fd)) throw invalid(RangeError, 'fd', 'must be a file descriptor', fd);
  toRequest('/', { mode, kind, range });
}

/**
 * Makes sure that the descriptor carries the lock, and gives the request that would have led to
 * it; which file it is, is known afterwards as after `identify()`. Setting a lock that is held
 * already changes nothing, so a wrong claim is found out.
 */
export function adopt(
  fd: number,
  options: AdoptOptions,
): { description: Description; want: LockRequest } {
  checkAdopt(fd, options);
  const path = pathOf(fd);
  if (path === undefined) throw systemError(`Cannot adopt fd ${fd}`, `fd ${fd}`, 'fcntl', EBADF);
  const { mode, kind = 'ofd', range } = options;
  const want = toRequest(path, { mode, kind, range });
  const action = `Cannot adopt fd ${fd}, which is ${quote(path)}`;
  if (identify(fd) === -1) throw systemError(action, path, 'statx', libc().errno());
  const description = new Description(fd, kind);
  const errno = description.trySet(mode, want.range);
  if (errno === 0) {
    closeOnExec(fd);
    return { description, want };
  }
  description.disown();
  if (!isBusy(errno)) throw lockCallError(action, path, errno);
  throw new LockError(`${action}: it is not locked, and somebody else holds a lock`, {
    code: 'ERR_LOCK_BUSY',
    path,
  });
}
