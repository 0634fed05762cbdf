import { EAGAIN, ENOENT } from '../linux/errno.ts';
import { isHeld } from '../linux/is-held.ts';
import { identify, identity } from '../linux/identity.ts';
import { closeFd, openLockFileBeneath } from '../linux/open.ts';
import { systemError } from './lock-error.ts';
import { fullPath } from './open-file.ts';
import { ProcessFile } from './process-file.ts';

/**
 * Tells whether anybody holds a lock on a file in an open directory. To ask takes no lock, so it is in
 * nobody's way, and a file that may only be read will do.
 *
 * @throws {LockError} when the file cannot be opened; the message begins with `action`.
 */
export function isHeldAt(dirfd: number, path: string, action: string): boolean {
  const known = findProcessFile(dirfd, path);
  if (known !== undefined) return known.isHeld;
  const fd = openLockFileBeneath(dirfd, path, 'read');
  // Somebody waits for the end of a lease (fcntl(2)), as a lock would; what is not there nobody holds.
  if (fd === -EAGAIN) return true;
  if (fd === -ENOENT) return false;
  if (fd < 0) throw systemError(action, fullPath({ path, dirfd }), 'open', -fd);
  const held = isHeld(fd);
  closeFd(fd);
  return held;
}

/** To close a file on which this process has process-associated locks would end them. */
function findProcessFile(dirfd: number, path: string): ProcessFile | undefined {
  if (ProcessFile.none) return undefined;
  const fd = openLockFileBeneath(dirfd, path, 'look');
  if (fd < 0) return undefined;
  const file = identify(fd) === -1 ? undefined : ProcessFile.find(identity());
  closeFd(fd);
  return file;
}
