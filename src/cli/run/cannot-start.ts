import { textOf } from '../../linux/byte-text.ts';
import { systemError } from '../../lock/lock-error.ts';
import { quote } from '../../lock/printable.ts';
import type { Command } from '../../process/command.ts';
import { Failure, NOT_STARTED } from '../failure.ts';

/** The failure of a command that cannot be started. */
export function cannotStart([word]: Command, errno: number): Failure {
  const command = textOf(word!);
  const cause = systemError(`Cannot start ${quote(command)}`, command, 'execve', errno);
  return new Failure(NOT_STARTED, cause.message, { cause });
}
