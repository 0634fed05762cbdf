import { EINTR } from './errno.ts';

/** How often a call is made again before something other than signals is at work. */
const INTERRUPTIONS = 1000;

/**
 * Makes a call again that a signal has interrupted: the one by which we end waits, or any other whose
 * handler does not restart calls, can hit an open of a file on a network or FUSE filesystem
 * (signal(7)). Gives what the call gave; on -1 the cause is in `errno()`, as ever.
 */
export function uninterrupted(calls: { errno(): number }, call: () => number): number {
  let result = call();
  for (let i = 1; result === -1 && calls.errno() === EINTR && i < INTERRUPTIONS; i++) {
    result = call();
  }
  return result;
}
