import { openDirectory } from './directory.ts';
import { fileCalls, toName } from './file-calls.ts';
import { O_CLOEXEC } from './open-flags.ts';
import { AT_FDCWD } from './open.ts';
import { namesIn, readProc } from './proc.ts';

/** A thread that sits in a lock call. */
export interface BlockedLockCall {
  readonly fd: number;
  readonly mode: 'shared' | 'exclusive';
  readonly kind: 'ofd' | 'process';
}

// The number of fcntl(2) by `process.arch`; "generic" is the table of all newer architectures.
const numbers: Record<string, number> = { x64: 72, ppc64: 55, s390x: 55, generic: 25 };
const FCNTL = numbers[process.arch] ?? numbers.generic!;
const F_SETLKW = 7;
const F_OFD_SETLKW = 38;
const F_RDLCK = 0;
const SEEK_SET = 0;

/**
 * Finds the threads of a process that wait for a lock, by the system call in which they sit and its
 * arguments (proc_pid_syscall(5)). The kernel shows that to whoever may trace the process; of others
 * it shows none.
 */
export function blockedLockCalls(pid: number): BlockedLockCall[] {
  const threads = openDirectory(`/proc/${pid}/task`);
  if (threads < 0) return [];
  const found: BlockedLockCall[] = [];
  for (const thread of namesIn(threads)) {
    // 72 0x12 0x26 0x7ffc5a0 …
    const [number, fd, command, argument] = readProc(`${pid}/task/${thread}/syscall`).split(' ')
      .map(Number);
    if (number !== FCNTL || (command !== F_SETLKW && command !== F_OFD_SETLKW)) continue;
    const type = readType(pid, argument!);
    if (type === undefined) continue;
    found.push({
      fd: fd!,
      mode: type === F_RDLCK ? 'shared' : 'exclusive',
      kind: command === F_SETLKW ? 'process' : 'ofd',
    });
  }
  fileCalls().close(threads);
  return found;
}

/** Reads `l_type`, the first member of the struct flock that lies there in the process. */
function readType(pid: number, address: number): number | undefined {
  const calls = fileCalls();
  const memory = calls.openat(AT_FDCWD, toName(`/proc/${pid}/mem`), O_CLOEXEC, 0);
  if (memory === -1) return undefined;
  const type = new Int16Array(1);
  calls.lseek(memory, address, SEEK_SET);
  const size = calls.read(memory, new Uint8Array(type.buffer), type.byteLength);
  calls.close(memory);
  return size === type.byteLength ? type[0] : undefined;
}
