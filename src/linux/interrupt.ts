/**
 * Ending a blocked system call of another thread: a signal that does nothing but make the call
 * return `EINTR`.
 */

import { libc } from './libc.ts';

/**
 * A real-time signal from the upper end, where neither libc (32 to 34) nor the JavaScript
 * engines have their own; if somebody has it already, the ones below are tried.
 */
const FIRST_CHOICE = 61;
const LAST_CHOICE = 40;

// [gettid, tgkill] by `process.arch`; "generic" is the table of all newer architectures.
const numbers: Record<string, readonly [number, number]> = {
  x64: [186, 234],
  ppc64: [207, 250],
  s390x: [236, 241],
  generic: [178, 131],
};
const [GETTID, TGKILL] = numbers[process.arch] ?? numbers.generic!;

let chosen: number | undefined;

/** What signal(2) gives for a signal that was ignored when the program started. */
const SIG_IGN = 1n;
/** Bytes of a sigset_t, in glibc and musl alike. */
const SIGSET = 128;
const SIG_UNBLOCK = 1;

/**
 * Makes sure that {@linkcode interruptThread} can do its work and no harm: without a handler the
 * signal would end the process. To be called before any thread blocks. Gives the signal's number.
 *
 * @throws {Error} when every candidate signal is taken, which no known program does.
 */
export function prepareInterrupts(): number {
  if (chosen !== undefined) return chosen;
  const calls = libc();
  // A signal handler that does nothing, found in libc itself: abs(3) takes the signal's number
  // and changes nothing. A JavaScript callback could not run in a signal handler.
  const handler = calls.dlsym(0, 'abs');
  if (handler === null) throw new Error('libc has no function "abs" to handle a signal with');
  for (let signal = FIRST_CHOICE; signal >= LAST_CHOICE; signal--) {
    const earlier = calls.signal(signal, handler);
    if (earlier === null || earlier === SIG_IGN || earlier === handler) {
      // signal(2) of BSD and glibc restarts interrupted calls; fcntl must come back instead.
      calls.siginterrupt(signal, 1);
      return chosen = signal;
    }
    calls.signal(signal, earlier);
  }
  throw new Error('no real-time signal is left to interrupt a blocked thread with');
}

/**
 * Lets the signal through to the calling thread. A program may have been started with signals
 * blocked, and every thread begins with the mask of the one that made it (sigprocmask(2)).
 */
export function acceptInterrupts(signal: number): void {
  const calls = libc();
  const set = new Uint8Array(SIGSET);
  calls.sigemptyset(set);
  calls.sigaddset(set, signal);
  calls.pthread_sigmask(SIG_UNBLOCK, set, null);
}

/** The kernel's id of the calling thread. */
export function threadId(): number {
  return libc().syscall(GETTID, 0, 0, 0);
}

/**
 * Interrupts the system call in which that thread of this process sits, if it sits in one. A
 * signal that arrives just before the thread blocks is lost: send again until it has left. Tells
 * whether there is such a thread.
 */
export function interruptThread(thread: number): boolean {
  return chosen !== undefined && libc().syscall(TGKILL, process.pid, thread, chosen) === 0;
}

/** Whether that thread of this process has not ended yet. */
export function isThreadAlive(thread: number): boolean {
  return libc().syscall(TGKILL, process.pid, thread, 0) === 0;
}
