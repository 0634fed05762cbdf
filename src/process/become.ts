import { inheritOnly } from '../linux/inherited.ts';
import { becomeProgram, ignoredSignals } from '../linux/program.ts';
import type { Command } from './command.ts';

/**
 * Replaces this program by a command, which inherits the standard streams and these descriptors, and
 * no other. Comes back only when that failed, with `errno`.
 */
export function becomeCommand(command: Command, fds: readonly number[]): number {
  inheritOnly(fds);
  return becomeProgram(command, ignoredSignals());
}
