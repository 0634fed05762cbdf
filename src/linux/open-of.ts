import { openDirectory } from './directory.ts';
import { fileCalls } from './file-calls.ts';
import { list, nameText } from './listing.ts';
import { Status } from './status.ts';

/** A descriptor of a process. */
export interface Open {
  readonly pid: number;
  readonly fd: number;
  /** The file's device and inode, as `Status.identity` has them. */
  readonly file: string;
}

/**
 * Finds which of these files a process has open. No filesystem is asked: `Status` takes what the
 * kernel knows already, so that one which does not answer, such as somebody's own, keeps nobody.
 */
export function openIn(pid: number, files: ReadonlySet<string>): Open[] {
  const found: Open[] = [];
  const descriptors = openDirectory(`/proc/${pid}/fd`);
  // It has ended, or is not ours to look at.
  if (descriptors < 0) return found;
  const status = new Status();
  const listing = list(descriptors);
  // Most descriptors are none of these files, so their names stay where the kernel has put them.
  while (typeof listing !== 'number' && listing.next()) {
    if (status.behind(descriptors, listing.name) !== 0) continue;
    const file = status.identity;
    if (!files.has(file)) continue;
    found.push({ pid, fd: Number(nameText(listing.nameBytes)), file });
  }
  fileCalls().close(descriptors);
  return found;
}

/** Where below `/proc` the kernel tells of the descriptor. */
export function infoOf({ pid, fd }: Open): string {
  return `${pid}/fdinfo/${fd}`;
}
