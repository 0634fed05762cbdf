import { ENOENT } from '../linux/errno.ts';
import { Status } from '../linux/status.ts';
import type { Lock } from '../lock/lock.ts';
import type { Directory } from './open-directory.ts';
import { lookAt, type Ref } from './lock-ref.ts';

/** Exclusive locks on everything by which a tree may be in use. */
export interface LockedTree {
  release(): void;
}

/** The lock that somebody else holds. */
export interface BusyRef {
  /** Its path. */
  readonly busy: string;
  /** Device and inode, to find its holders by. */
  readonly identity: string;
}

/**
 * Takes every lock by which somebody may be using a tree, or none.
 *
 * Users of a deployment lock `files/.ref`, users of any other runtime `.ref`, and containers made
 * of a mutable copy `usr/.ref`, to which its `.ref` is a link. All are created when they are missing,
 * because a user would do so too, and must find them locked.
 *
 * `take` takes one lock, or gives `undefined` when it is busy.
 *
 * @throws {LockError} when one of them cannot be locked at all.
 */
export async function lockTree(
  tree: Directory,
  create: boolean,
  take: (ref: Ref) => Promise<Lock | undefined>,
): Promise<LockedTree | BusyRef> {
  const locks: Lock[] = [];
  const opened: Directory[] = [];
  const release = (): void => {
    for (const lock of locks) lock.release();
  };
  try {
    for (const name of ['files', 'usr']) {
      const directory = tree.openBeneath(name);
      if (directory !== undefined) opened.push(directory);
    }
    const ours = new Set<string>();
    for (const { path, fd: at } of [tree, ...opened]) {
      const ref: Ref = { path: '.ref', mode: 'exclusive', create, at };
      const { identity, errno } = lookAt(ref);
      // A second lock on the same file would be in the way of the first.
      if (identity !== undefined && ours.has(identity)) continue;
      if (errno === ENOENT && !create) continue;
      const lock = await take(ref);
      if (lock === undefined) {
        release();
        return { busy: `${path}/.ref`, identity: lookAt(ref).identity ?? '' };
      }
      locks.push(lock);
      ours.add(identityOf(lock));
    }
    return { release };
  } catch (error) {
    release();
    throw error;
  } finally {
    // Not with the locks: when the tree has been deleted meanwhile, the kernel frees a directory's
    // blocks in the thread that closes it last.
    for (const directory of opened) directory.close();
  }
}

function identityOf({ fd }: Lock): string {
  const status = new Status();
  status.of(fd);
  return status.identity;
}
