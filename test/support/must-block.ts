import { readFileSync, statSync } from 'node:fs';
import { eventually } from './eventually.ts';

/** How many threads or processes the kernel has waiting for a lock on this file. */
export function waitersInKernel(path: string): number {
  const inode = statSync(path).ino;
  // 1: -> OFDLCK ADVISORY  WRITE -1 fe:00:1234 0 EOF
  const waiter = new RegExp(`^\\d+: +-> .*:${inode} `, 'gm');
  return readFileSync('/proc/locks', 'utf8').match(waiter)?.length ?? 0;
}

/** Returns when exactly this many waiters sit in the kernel, which proves that they do wait. */
export async function mustBlock(path: string, waiters = 1): Promise<void> {
  await eventually(
    `${waiters} waiters in the kernel on ${path}, last seen ${waitersInKernel(path)}`,
    () => waitersInKernel(path) === waiters,
  );
}
