import { fileCalls, toName } from '../linux/file-calls.ts';
import { ESTALE } from '../linux/errno.ts';
import { Status } from '../linux/status.ts';
import { LockError, quote, systemError } from '../lock/lock-error.ts';
import type { Directory } from './open-directory.ts';
import { freshName, isPartial } from './partial.ts';

/** A tree under a name that says that it is not whole. */
export interface Aside {
  /** Its name in the same directory. */
  readonly name: string;
  /** The same for the kernel. */
  readonly bytes: Uint8Array;
}

/**
 * Renames a tree, which must be locked exclusively, within its directory. From then on nobody finds
 * a runtime there, so that a deletion that is killed half-way leaves nothing that looks whole.
 *
 * @throws {LockError} when it cannot be renamed, or is not what lies at its name any more.
 */
export function setAside(
  parent: Directory,
  name: string,
  bytes: Uint8Array,
  tree: Directory,
): Aside {
  throwUnlessAt(parent, bytes, tree);
  if (isPartial(name)) return { name, bytes };
  const aside = freshName('partial');
  const asideBytes = toName(aside);
  const calls = fileCalls();
  if (calls.renameat(parent.fd, bytes, parent.fd, asideBytes) === -1) {
    throw systemError(`Cannot rename ${quote(tree.path)}`, tree.path, 'rename', calls.errno());
  }
  try {
    throwUnlessAt(parent, asideBytes, tree);
  } catch (error) {
    // Something else was put there at the last moment, and shall have its name back.
    calls.renameat(parent.fd, asideBytes, parent.fd, bytes);
    throw error;
  }
  return { name: aside, bytes: asideBytes };
}

function throwUnlessAt(parent: Directory, bytes: Uint8Array, tree: Directory): void {
  const status = new Status();
  const errno = status.at(parent.fd, bytes);
  if (errno === 0 && status.identity === tree.identity) return;
  throw new LockError(`Cannot delete ${quote(tree.path)}: something else has taken its place`, {
    code: 'ERR_LOCK_REPLACED',
    errno: -(errno || ESTALE),
    syscall: 'statx',
    path: tree.path,
  });
}
