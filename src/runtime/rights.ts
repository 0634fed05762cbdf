import { EPERM } from '../linux/errno.ts';
import { fileCalls, toName } from '../linux/file-calls.ts';
import type { Place } from './place.ts';

const W_OK = 2;
const X_OK = 1;
const AT_EACCESS = 0x200;
const HERE = toName('.');

/** Whether a directory could be renamed within its own: 0, or the `errno` that it would end with. */
export function mayMove(parent: Place, tree: Place): number {
  const errno = mayChange(parent);
  if (errno !== 0) return errno;
  if (tree.isFixed) return EPERM;
  const uid = fileCalls().geteuid();
  const others = parent.isSticky && ![0, parent.uid, tree.uid].includes(uid);
  return others ? EPERM : 0;
}

/** Whether entries could be made and deleted in a directory: 0, or the `errno` of an attempt. */
export function mayChange({ fd, isFixed }: Place): number {
  const calls = fileCalls();
  if (calls.faccessat(fd, HERE, W_OK | X_OK, AT_EACCESS) === -1) return calls.errno();
  return isFixed ? EPERM : 0;
}
