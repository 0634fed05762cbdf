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
  const { owners, unseen } = findLockOwners(new Set(paths.keys()));
  const files = [...paths].map(([file, path]) => ({
    path,
    holders: of(file, owners).sort(byState),
    unseen: of(file, unseen),
  }));
  return { files, unreadable };
}

/** Those of one file, without its identity. */
function of<T extends { readonly file: string }>(
  file: string,
  all: readonly T[],
): Omit<T, 'file'>[] {
  return all.filter((one) => one.file === file).map(({ file: _, ...one }) => one);
}

/** Holders before waiters, and then by pid. */
function byState(a: Omit<LockOwner, 'file'>, b: Omit<LockOwner, 'file'>): number {
  return Number(a.waiting) - Number(b.waiting) || a.pid - b.pid;
}
