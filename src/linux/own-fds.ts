/** Which of the open descriptors this program has inherited. */

import { readdirSync, readlinkSync } from 'node:fs';
import { processCalls } from './process-calls.ts';

const F_GETFD = 1;
const F_GETFL = 3;
const FD_CLOEXEC = 1;
const O_ACCMODE = 3;

/**
 * Whether a descriptor is open, and not one that the JavaScript runtime has opened for itself;
 * `named` are all that are asked for.
 */
export function isInherited(fd: number, named: readonly number[]): boolean {
  const calls = processCalls();
  const flags = calls.fcntl(fd, F_GETFD, 0);
  if (flags === -1) return false;
  // Node and Bun mark what they have inherited as close-on-exec when they start. Deno does not.
  if (fd <= 2 || (flags & FD_CLOEXEC) === 0) return true;
  if (process.versions.deno) return false;
  const target = targetOf(fd);
  if (/^anon_inode:\[?(eventpoll|eventfd|io_uring)/.test(target)) return false;
  return !target.startsWith('pipe:') || !hasOtherEnd(fd, target, named);
}

/** A runtime has pipes for itself of which it has both ends, and nobody has named them. */
function hasOtherEnd(fd: number, pipe: string, named: readonly number[]): boolean {
  return readdirSync('/proc/self/fd').map(Number).some((other) =>
    other > 2 && !named.includes(other) && targetOf(other) === pipe &&
    accessOf(other) !== accessOf(fd)
  );
}

function accessOf(fd: number): number {
  return processCalls().fcntl(fd, F_GETFL, 0) & O_ACCMODE;
}

function targetOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The descriptor of a listing has gone by now.
    return '';
  }
}
