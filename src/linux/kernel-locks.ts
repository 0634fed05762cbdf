import { readProc } from './proc.ts';

/** A lock as the kernel shows it, or a wait for one. */
export interface KernelLock {
  /** Device and inode in the kernel's own spelling: `fe:00:1234`. */
  readonly place: string;
  readonly mode: 'shared' | 'exclusive';
  readonly kind: 'ofd' | 'process';
  readonly waiting: boolean;
  /** Who has it, or -1 for an open-file-description lock, whose owner is not told. */
  readonly pid: number;
}

// 1: OFDLCK ADVISORY  WRITE -1 fe:00:1234 0 EOF
// 1: -> POSIX ADVISORY  READ 4121 fe:00:1234 0 EOF
const LINE =
  /^\s*\d+:\s+(?<arrow>->\s+)?(?<type>OFDLCK|POSIX)\s+\S+\s+(?<access>READ|WRITE)\s+(?<pid>-?\d+)\s+(?<place>\S+)/;

/** All record locks and waits for them that this pid namespace is shown (proc_locks(5)). */
export function kernelLocks(): KernelLock[] {
  return readProc('locks').split('\n').flatMap((line) => parseLock(line) ?? []);
}

/** Reads one line; `undefined` for another kind of lock, such as flock's. */
export function parseLock(line: string): KernelLock | undefined {
  const parts = LINE.exec(line)?.groups;
  return parts && {
    place: parts.place!,
    mode: parts.access === 'READ' ? 'shared' : 'exclusive',
    kind: parts.type === 'POSIX' ? 'process' : 'ofd',
    waiting: parts.arrow !== undefined,
    pid: Number(parts.pid),
  };
}
