import type { Address } from './calls.ts';
import { libc } from './libc.ts';

const F_OFD_GETLK = 36;
const F_GETLK = 5;
const F_WRLCK = 1;
const F_UNLCK = 2;

/**
 * Tells whether anybody holds a lock on a file, of either kind and mode. To ask needs no right to write,
 * as to take an exclusive lock does (fcntl(2)).
 */
export function isHeld(fd: number): boolean {
  const calls = libc();
  // struct flock, as in record-lock.ts: the whole file.
  const flock = new ArrayBuffer(32);
  const type = new Int16Array(flock, 0, 1);
  const address: Address = calls.address(flock);
  for (const command of [F_OFD_GETLK, F_GETLK]) {
    type[0] = F_WRLCK;
    if (calls.fcntl(fd, command, address) !== -1) return type[0] !== F_UNLCK;
  }
  return false;
}
