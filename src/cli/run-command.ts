import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import process from 'node:process';
import { quote, systemError } from '../lock/lock-error.ts';
import { Failure, NOT_STARTED, UNKNOWN_END } from './failure.ts';

/** The signals that are meant for the command. */
const PASSED_ON = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Starts a command and waits for its end, passing signals on to it. Gives the status with which
 * a wrapper should end: the command's own, or 128 + n when signal n ended it.
 *
 * @throws {Failure} 127 when it cannot be started.
 */
export async function runCommand(command: string, start: () => ChildProcess): Promise<number> {
  let child: ChildProcess | undefined;
  const passOn = (signal: NodeJS.Signals): void => {
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      // Not `child.kill()`: Deno heeds it only once, and then reports that signal as the
      // child's end, whatever the child made of it.
      process.kill(child.pid, signal);
    } catch {
      // It has ended, and will say so in a moment.
    }
  };
  // Before the start: a signal in between would end the wrapper and leave the command alone. The
  // listeners run when this function has returned to the event loop, and know the child by then.
  for (const signal of PASSED_ON) process.on(signal, passOn);
  try {
    child = start();
    const { code, signal } = await endOf(child);
    if (code !== null) return code;
    return signal === null ? UNKNOWN_END : 128 + constants.signals[signal];
  } catch (error) {
    throw new Failure(NOT_STARTED, cannotStart(command, error), { cause: error });
  } finally {
    for (const signal of PASSED_ON) process.off(signal, passOn);
  }
}

function endOf(
  child: ChildProcess,
): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

function cannotStart(command: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const action = `Cannot start ${quote(command)}`;
  const errno = (constants.errno as Record<string, number>)[code ?? ''];
  if (errno === undefined) return `${action}: ${message}`;
  return systemError(action, command, 'execve', errno).message;
}
