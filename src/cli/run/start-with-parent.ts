import { readFileSync } from 'node:fs';
import { onSameRuntime } from '../../process/same-runtime.ts';

const program = onSameRuntime('./die-with-parent', import.meta.url);

/** The command of a program that becomes `command`, and ends when this process does. */
export function becomesCommand(command: readonly string[], fds: readonly number[]): string[] {
  return [...program, String(process.pid), fds.join(), ...command];
}

/**
 * Whether it has become the command by now. Until then SIGUSR1 would open the debugger of Node, and be
 * lost.
 */
export function isReady(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program.at(-1)!);
  } catch {
    // It has ended, or /proc is not for us.
    return true;
  }
}
