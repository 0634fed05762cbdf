import { quote, systemError } from '../../lock/lock-error.ts';
import { Failure, NOT_STARTED } from '../failure.ts';

/** The failure of a command that cannot be started. */
export function cannotStart(command: string, errno: number): Failure {
  const cause = systemError(`Cannot start ${quote(command)}`, command, 'execve', errno);
  return new Failure(NOT_STARTED, cause.message, { cause });
}
