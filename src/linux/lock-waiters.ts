import { openDirectory } from './directory.ts';
import { fileCalls } from './file-calls.ts';
import { namesIn, readProc } from './proc.ts';

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

/**
 * Finds the threads of a process that wait for a lock, by the system call in which they sit and its
 * arguments (proc_pid_syscall(5)). The kernel shows that to whoever may trace the process; of others
 * it shows none.
 *
 * The mode for which they wait is not there: it stands in their memory, which nobody here reads
 * (see `readProc`).
 */
export function blockedLockCalls(pid: number): BlockedLockCall[] {
  const threads = openDirectory(`/proc/${pid}/task`);
  if (threads < 0) return [];
  const found: BlockedLockCall[] = [];
  for (const thread of namesIn(threads)) {
    // 72 0x12 0x26 0x7ffc5a0 …
    const [number, fd, command] = readProc(`${pid}/task/${thread}/syscall`).split(' ').map(Number);
    if (number !== FCNTL || (command !== F_SETLKW && command !== F_OFD_SETLKW)) continue;
    found.push({ fd: fd!, kind: command === F_SETLKW ? 'process' : 'ofd' });
  }
  fileCalls().close(threads);
  return found;
}
