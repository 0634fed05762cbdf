import { openDirectory } from './directory.ts';
import { fileCalls } from './file-calls.ts';
import { namesIn } from './proc.ts';

/** A thread that sits in a lock call. */
export interface BlockedLockCall {
  readonly fd: number;
  readonly kind: 'ofd' | 'process';
}

// The number of fcntl(2) by `process.arch`; "generic" is the table of all newer architectures.
const numbers: Record<string, number> = { x64: 72, ppc64: 55, s390x: 55, generic: 25 };
const FCNTL = numbers[process.arch] ?? numbers.generic!;
const F_SETLKW = 7;
const F_OFD_SETLKW = 38;

/** Where below `/proc` the kernel tells in which system calls the threads of a process sit. */
export function callFilesOf(pid: number): string[] {
  const threads = openDirectory(`/proc/${pid}/task`);
  if (threads < 0) return [];
  const names = namesIn(threads);
  fileCalls().close(threads);
  return names.map((thread) => `${pid}/task/${thread}/syscall`);
}

/**
 * Finds the threads of a process that wait for a lock, by the system call in which they sit and its
 * arguments (proc_pid_syscall(5)). The kernel shows that to whoever may trace the process; of others
 * it shows none. `read` gives the texts of the files, which may keep their reader while a process sits in
 * execve(2).
 *
 * The mode for which they wait is not there: it stands in their memory, which nobody here reads
 * (see `readProc`).
 */
export function blockedLockCalls(
  files: readonly string[],
  read: (path: string) => string,
): BlockedLockCall[] {
  const found: BlockedLockCall[] = [];
  for (const file of files) {
    // 72 0x12 0x26 0x7ffc5a0 …
    const [number, fd, command] = read(file).split(' ').map(Number);
    if (number !== FCNTL || (command !== F_SETLKW && command !== F_OFD_SETLKW)) continue;
    found.push({ fd: fd!, kind: command === F_SETLKW ? 'process' : 'ofd' });
  }
  return found;
}
