import { type KernelLock, parseLock } from './kernel-locks.ts';
import type { Access } from './wait-modes.ts';

/** What the kernel shows of a descriptor of any process (proc_pid_fdinfo(5)). */
export interface DescriptorInfo {
  readonly access: Access;
  /** The locks that it holds or, process-associated, its process on that file; each range is one. */
  readonly locks: readonly CountedLock[];
  /** The number of its mount, in the process's mount namespace. */
  readonly mount: string | undefined;
  /** Since Linux 5.14. */
  readonly inode: string | undefined;
}

/** As many locks of one kind and mode. */
export interface CountedLock extends Pick<KernelLock, 'place' | 'mode' | 'kind'> {
  readonly count: number;
}

const ACCESS: readonly Access[] = ['read', 'write', 'both', 'both'];

/**
 * Takes what `/proc/PID/fdinfo/FD` says of a descriptor.
 *
 * For an epoll instance the kernel waits in that file until its process lets go of the instance.
 * That need never be, if the event goes to a page that is withheld, and then not even SIGKILL ends
 * the reader. The number may mean another file by the time that it is read.
 */
export function descriptorInfo(text: string): DescriptorInfo {
  const flags = /^flags:\s+([0-7]+)/m.exec(text)?.[1] ?? '2';
  return {
    // O_ACCMODE is the last two bits.
    access: ACCESS[Number(flags.at(-1)) & 3]!,
    locks: locksIn(text),
    mount: /^mnt_id:\s+(\d+)/m.exec(text)?.[1],
    inode: /^ino:\s+(\d+)/m.exec(text)?.[1],
  };
}

function locksIn(text: string): CountedLock[] {
  const counted = new Map<string, CountedLock & { count: number }>();
  // One descriptor may have a hundred thousand ranges, mostly of one mode.
  for (const line of text.split('\n')) {
    const lock = line.startsWith('lock:') ? parseLock(line) : undefined;
    if (lock === undefined) continue;
    const { place, mode, kind } = lock;
    const same = counted.get(`${place} ${mode} ${kind}`);
    if (same === undefined) {
      counted.set(`${place} ${mode} ${kind}`, { place, mode, kind, count: 1 });
    } else same.count++;
  }
  return [...counted.values()];
}

/** A device and an inode as /proc/locks has them: `08:01:1234`. */
export function placeOf(major: string, minor: string, inode: string): string {
  const hex = (number: string): string => Number(number).toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${inode}`;
}
