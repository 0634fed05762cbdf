/** Which of the open descriptors this program has inherited. */

import { constants, readdirSync, readlinkSync } from 'node:fs';
import { processCalls } from './process-calls.ts';

const F_GETFD = 1;
const F_GETFL = 3;
const FD_CLOEXEC = 1;

/** Whether a descriptor is open, and not one that the JavaScript runtime has opened for itself. */
export function isInherited(fd: number): boolean {
  const calls = processCalls();
  const flags = calls.fcntl(fd, F_GETFD, 0);
  if (flags === -1) return false;
  // Node and Bun mark what they have inherited as close-on-exec when they start. Deno does not.
  if (fd <= 2 || (flags & FD_CLOEXEC) === 0) return true;
  if (process.versions.deno) return false;
  const target = readlinkSync(`/proc/self/fd/${fd}`);
  if (/^anon_inode:\[?(eventpoll|eventfd|io_uring)/.test(target)) return false;
  const isPlain = !target.startsWith('pipe:') ||
    (calls.fcntl(fd, F_GETFL, 0) & constants.O_NONBLOCK) === 0;
  return isPlain || !hasOtherEnd(target, fd);
}

/** A runtime's event loop wakes itself by pipes of which it has both ends. */
function hasOtherEnd(pipe: string, fd: number): boolean {
  return readdirSync('/proc/self/fd').some((name) => {
    try {
      return Number(name) !== fd && readlinkSync(`/proc/self/fd/${name}`) === pipe;
    } catch {
      // The descriptor of the listing itself has gone by now.
      return false;
    }
  });
}
