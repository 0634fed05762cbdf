import { readFileSync, statSync } from 'node:fs';

/** What the kernel shows of one file. */
export interface KernelLocks {
  readonly shared: number;
  readonly exclusive: number;
  /** Threads and processes that wait in the kernel. */
  readonly waiting: number;
}

// 1: -> OFDLCK ADVISORY  WRITE -1 fe:00:1234 0 EOF
const LINE = /^\d+: +(->)? *\w+ +\w+ +(READ|WRITE) .*:(\d+) \d+ /gm;

/** Counts everybody's locks on these files, in the order of the inodes, at one moment. */
export function kernelLocks(inodes: readonly number[]): KernelLocks[] {
  const counts = new Map(inodes.map((inode) => [inode, { shared: 0, exclusive: 0, waiting: 0 }]));
  for (const [, arrow, access, inode] of readFileSync('/proc/locks', 'utf8').matchAll(LINE)) {
    const count = counts.get(Number(inode));
    if (count === undefined) continue;
    count[arrow ? 'waiting' : access === 'READ' ? 'shared' : 'exclusive']++;
  }
  return [...counts.values()];
}

/** The same of one file, by its path. */
export function kernelLocksOn(path: string): KernelLocks {
  return kernelLocks([statSync(path).ino])[0]!;
}
