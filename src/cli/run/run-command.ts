import type { Lock } from '../../mod.ts';
import { commandOf } from '../../process/command.ts';
import { type Care, type End, supervise } from '../../process/supervise.ts';
import { UNKNOWN_END } from '../failure.ts';

/**
 * Starts a command, looks after it, and gives the status with which a wrapper should end: the
 * command's own, or 128 + n when signal n ended it.
 *
 * @throws {Failure} 127 when it cannot be started.
 */
export async function runCommand(words: readonly string[], care: Partial<Care>): Promise<number> {
  const command = await commandOf(words);
  const end = await supervise(command, { fds: [], stay: false, ...care });
  if (!('errno' in end)) return statusOfEnd(end);
  const { cannotStart } = await import('./cannot-start.ts');
  throw cannotStart(command, end.errno);
}

/**
 * The same under a lock that the command inherits, and so does whatever it leaves behind. Where
 * locks are not inherited, the wrapper stays until all of that has ended.
 */
export function runUnder({ kind, fd }: Lock, words: readonly string[]): Promise<number> {
  return runCommand(words, kind === 'ofd' ? { fds: [fd] } : { stay: true });
}

function statusOfEnd({ code, signal }: Exclude<End, { errno: number }>): number {
  return code ?? (signal === undefined ? UNKNOWN_END : 128 + signal);
}
