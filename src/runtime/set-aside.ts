import { fileCalls, toName } from '../linux/file-calls.ts';
import { EINVAL, ENOENT, ENOSYS, EPERM } from '../linux/errno.ts';
import { Status } from '../linux/status.ts';
import { LockError, systemError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import type { Place } from './place.ts';
import { freshName, isPartial } from './partial.ts';

/** A tree under a name that says that it is not whole. */
export interface Aside {
  /** Its name in the same directory. */
  readonly name: string;
  /** The same for the kernel. */
  readonly bytes: Uint8Array;
  /**
   * Gives it its name back, if nothing of it is gone; `false` when that cannot be done, as when
   * somebody has made something else of that name.
   */
  undo(): boolean;
}

/** A name that is taken stays what it is. */
const RENAME_NOREPLACE = 1;

/**
 * Renames a tree, which must be locked exclusively, within its directory. From then on nobody finds
 * a runtime there, so that a deletion that is killed half-way leaves nothing that looks whole.
 *
 * @throws {LockError} when it cannot be renamed, or is not what lies at its name any more.
 */
export function setAside(
  parent: Place,
  name: string,
  bytes: Uint8Array,
  tree: Place,
): Aside {
  throwUnlessAt(parent, bytes, tree);
  // It has such a name from before, and stays what it is.
  if (isPartial(name)) return { name, bytes, undo: () => true };
  const aside = freshName('partial');
  const asideBytes = toName(aside);
  const calls = fileCalls();
  if (calls.renameat(parent.fd, bytes, parent.fd, asideBytes) === -1) {
    throw systemError(`Cannot rename ${quote(tree.path)}`, tree.path, 'rename', calls.errno());
  }
  try {
    throwUnlessAt(parent, asideBytes, tree);
  } catch (error) {
    // Something else was put there at the last moment, and gets its name back.
    rename(parent, asideBytes, bytes);
    throw error;
  }
  return { name: aside, bytes: asideBytes, undo: () => rename(parent, asideBytes, bytes) };
}

function rename({ fd }: Place, from: Uint8Array, to: Uint8Array): boolean {
  const calls = fileCalls();
  if (calls.renameat2(fd, from, fd, to, RENAME_NOREPLACE) !== -1) return true;
  // Not every kernel and filesystem knows the flag, and a directory would replace an empty one.
  const lacking = [ENOSYS, EINVAL, EPERM].includes(calls.errno());
  const free = lacking && new Status().at(fd, to) === ENOENT;
  return free && calls.renameat(fd, from, fd, to) !== -1;
}

function throwUnlessAt(parent: Place, bytes: Uint8Array, tree: Place): void {
  if (parent.has(bytes, tree)) return;
  throw new LockError(`Cannot delete ${quote(tree.path)}: something else has taken its place`, {
    code: 'ERR_LOCK_REPLACED',
    path: tree.path,
  });
}
