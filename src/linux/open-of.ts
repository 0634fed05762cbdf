import { openDirectory } from './directory.ts';
import { fileCalls } from './file-calls.ts';
import { list, nameText } from './listing.ts';
import { namesIn } from './proc.ts';
import { Status } from './status.ts';

/** A descriptor of a process. */
export interface Open {
  readonly pid: number;
  readonly fd: number;
  /** The file's device and inode, as `Status.identity` has them. */
  readonly file: string;
  /** Where below `/proc` its process, or the thread that has it, is. */
  readonly place: string;
}

/**
 * Finds which of these files a process has open. No filesystem is asked: `Status` takes what the
 * kernel knows already, so that one which does not answer, such as somebody's own, keeps nobody.
 */
export function openIn(pid: number, files: ReadonlySet<string>): Open[] {
  const found: Open[] = [];
  if (look(pid, `${pid}`, files, found) > 0) return found;
  // The first thread has ended, and with it what it had; the others go on with the descriptors.
  const threads = openDirectory(`/proc/${pid}/task`);
  if (threads < 0) return found;
  const others = namesIn(threads).filter((thread) => Number(thread) !== pid);
  fileCalls().close(threads);
  others.some((thread) => look(pid, `${pid}/task/${thread}`, files, found) > 0);
  return found;
}

/** Looks at the descriptors of a process, or of a thread; gives how many there are. */
function look(pid: number, place: string, files: ReadonlySet<string>, found: Open[]): number {
  const descriptors = openDirectory(`/proc/${place}/fd`);
  // It has ended, or is not ours to look at.
  if (descriptors < 0) return 0;
  let count = 0;
  const status = new Status();
  const listing = list(descriptors);
  // Most descriptors are none of these files, so their names stay where the kernel has put them.
  while (typeof listing !== 'number' && listing.next()) {
    count++;
    if (status.behind(descriptors, listing.name) !== 0) continue;
    const file = status.identity;
    if (!files.has(file)) continue;
    found.push({ pid, fd: Number(nameText(listing.nameBytes)), file, place });
  }
  fileCalls().close(descriptors);
  return count;
}

/** Where below `/proc` the kernel tells of the descriptor. */
export function infoOf({ place, fd }: Open): string {
  return `${place}/fdinfo/${fd}`;
}
