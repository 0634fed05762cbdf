import { openDirectory, openSubdirectory } from '../src/linux/directory.ts';
import { fileCalls, toName } from '../src/linux/file-calls.ts';
import { list, nameText } from '../src/linux/listing.ts';
import { O_CLOEXEC } from '../src/linux/open-flags.ts';
import { Status } from '../src/linux/status.ts';
import type { FoundHolder, HoldersTask } from './tree-task.ts';

/** More than any `/proc` file that is read here. */
const SIZE = 65_536;
// lock:	1: OFDLCK  ADVISORY  WRITE -1 fe:00:1234 0 EOF
const LOCK = /^lock:\s+\d+: (OFDLCK|POSIX)\s+\S+\s+(READ|WRITE)/gm;

/**
 * Finds the processes that hold locks on files, by what the kernel shows of their descriptors
 * (`/proc/PID/fdinfo`, proc(5)): of an open-file-description lock `/proc/locks` and `F_OFD_GETLK`
 * do not name the holder. Processes of other users are invisible to all but the superuser.
 */
export function findHolders({ files }: HoldersTask): FoundHolder[] {
  const wanted = new Set(files);
  const proc = openDirectory('/proc');
  if (proc < 0) return [];
  const found: FoundHolder[] = [];
  for (const name of names(proc)) {
    const pid = Number(name);
    if (Number.isInteger(pid)) found.push(...ofProcess(proc, pid, wanted));
  }
  fileCalls().close(proc);
  return found;
}

function ofProcess(proc: number, pid: number, wanted: ReadonlySet<string>): FoundHolder[] {
  const descriptors = openSubdirectory(proc, toName(`${pid}/fd`));
  // It has ended, or is not ours to look at.
  if (descriptors < 0) return [];
  const status = new Status();
  // A process may well have the same lock on several descriptors.
  const found = new Map<string, FoundHolder>();
  for (const fd of names(descriptors)) {
    if (status.behind(descriptors, toName(fd)) !== 0 || !wanted.has(status.identity)) continue;
    const file = status.identity;
    for (const [, type, access] of read(proc, `${pid}/fdinfo/${fd}`).matchAll(LOCK)) {
      const mode = access === 'READ' ? 'shared' : 'exclusive';
      const kind = type === 'POSIX' ? 'process' : 'ofd';
      const command = read(proc, `${pid}/comm`).trimEnd();
      found.set(`${file} ${mode} ${kind}`, { file, pid, command, mode, kind });
    }
  }
  fileCalls().close(descriptors);
  return [...found.values()];
}

function names(directory: number): string[] {
  const listing = list(directory);
  const found: string[] = [];
  if (typeof listing === 'number') return found;
  while (listing.next()) found.push(nameText(listing.nameBytes));
  return found;
}

function read(directory: number, path: string): string {
  const calls = fileCalls();
  const fd = calls.openat(directory, toName(path), O_CLOEXEC, 0);
  if (fd === -1) return '';
  const bytes = new Uint8Array(SIZE);
  const size = calls.read(fd, bytes, SIZE);
  calls.close(fd);
  return new TextDecoder().decode(bytes.subarray(0, Math.max(0, size)));
}
