/** What the kernel does when a process and its parent are parted (prctl(2)). */

import { processCalls } from './process-calls.ts';
import { acceptSignals, byDefault } from './program.ts';

// The same number on every architecture.
const SIGTERM = 15;
const PR_SET_PDEATHSIG = 1;
const PR_SET_CHILD_SUBREAPER = 36;

/** Has the kernel send SIGTERM to this process, and to what it becomes, when its parent ends. */
export function endWithParent(): void {
  // Whoever has started this program may have had it blocked or ignored.
  acceptSignals();
  byDefault(SIGTERM);
  processCalls().prctl(PR_SET_PDEATHSIG, SIGTERM);
}

/** Makes this process the parent of all its descendants whose parents end (Linux 3.4). */
export function adoptOrphans(): void {
  processCalls().prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/** The process that has started this one, or has adopted it since. */
export function parent(): number {
  return processCalls().getppid();
}
