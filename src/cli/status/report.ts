import { toName } from '../../linux/file-calls.ts';
import { findLockOwners, type LockOwner, type UnseenOwner } from '../../linux/lock-owners.ts';
import { AT_FDCWD } from '../../linux/open.ts';
import { Status } from '../../linux/status.ts';
import type { Holder } from '../../mod.ts';
import type { FoundFiles } from './find-files.ts';

/** Who has a lock on one file, or waits for it. */
export interface FileReport {
  readonly path: string;
  readonly holders: readonly Holder[];
  /** At least so many others, whose processes cannot be seen. */
  readonly unseen: readonly Omit<UnseenOwner, 'file'>[];
}

/** What `reflock status --json` prints. */
export interface StatusReport {
  readonly files: readonly FileReport[];
  /** What could not be looked into: directories, and names that are not UTF-8. */
  readonly unreadable: readonly string[];
  /** Whether the machine has too many locks to find also those of processes that cannot be seen. */
  readonly tooMany?: true;
}

/** Looks who has locks on files; what is gone by now is left out. */
export function report({ named, refs, unreadable }: FoundFiles): StatusReport {
  const status = new Status();
  // A mutable copy has a link to its `usr/.ref`: one file by two names is one lock.
  const paths = new Map<string, string>();
  for (const path of [...named, ...refs]) {
    if (status.behind(AT_FDCWD, toName(path)) !== 0 || paths.has(status.identity)) continue;
    paths.set(status.identity, path);
  }
  const found = findLockOwners(new Set(paths.keys()));
  const [owners, unseen] = [byFile(found.owners), byFile(found.unseen)];
  const files = [...paths].map(([file, path]) => ({
    path,
    holders: (owners.get(file) ?? []).sort(byState),
    unseen: unseen.get(file) ?? [],
  }));
  return { files, unreadable, ...(!found.whole && { tooMany: true }) };
}

/** Those of each file, without its identity. */
function byFile<T extends { readonly file: string }>(
  all: readonly T[],
): Map<string, Omit<T, 'file'>[]> {
  const found = new Map<string, Omit<T, 'file'>[]>();
  for (const { file, ...one } of all) {
    const others = found.get(file);
    if (others === undefined) found.set(file, [one]);
    else others.push(one);
  }
  return found;
}

/** Holders before waiters, and then by pid. */
function byState(a: Omit<LockOwner, 'file'>, b: Omit<LockOwner, 'file'>): number {
  return Number(a.waiting) - Number(b.waiting) || a.pid - b.pid;
}
