import type { FoundHolder } from '../../workers/tree-task.ts';
import { runTask } from './task-threads.ts';
import type { LockKind, LockMode } from './lock-options.ts';

/** A process that holds a lock on a file. */
export interface Holder {
  /** Its process id. A process that has inherited the lock is another holder of it. */
  pid: number;
  /** The name of its program, as in `/proc/PID/comm`: at most 15 bytes. */
  command: string;
  /** The lock's mode. */
  mode: LockMode;
  /** To whom the kernel counts the lock. */
  kind: LockKind;
}

/**
 * Finds who holds locks on files, each given by device and inode as `Status.identity` has them. A
 * file without an entry has no holder that the caller may see: another user's, one in another pid
 * namespace, or one that has let go by now.
 */
export async function findHolders(files: Iterable<string>): Promise<Map<string, Holder[]>> {
  const found = new Map<string, Holder[]>();
  for (const { file, ...holder } of await search([...files])) {
    const others = found.get(file);
    if (others === undefined) found.set(file, [holder]);
    else others.push(holder);
  }
  return found;
}

async function search(files: readonly string[]): Promise<readonly FoundHolder[]> {
  if (files.length === 0) return [];
  try {
    return await runTask({ work: 'holders', files });
  } catch {
    // No thread can be had. Whoever asks has an error to tell already, or a report.
    return [];
  }
}

/** Says who holds a lock, for the end of a message: `held by pid 4121 (bwrap)`. */
export function holdersText(holders: readonly Holder[]): string {
  if (holders.length === 0) return 'held by a process that cannot be seen from here';
  const shown = holders.slice(0, 3).map(({ pid, command }) => `pid ${pid} (${plain(command)})`);
  const more = holders.length - shown.length;
  return `held by ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A process may call itself anything, also what would move the cursor. */
function plain(command: string): string {
  return JSON.stringify(command).slice(1, -1);
}
