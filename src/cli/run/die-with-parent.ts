/**
 * A program that has the kernel send it SIGTERM when its parent ends, and becomes a command.
 *
 * posix_spawn(3) cannot ask for that signal, and fork(2) is not for programs with threads. So this
 * program is started between the two.
 *
 * arguments: PARENT FDS COMMAND [ARG...], where FDS are numbers with commas between them
 */

import { endWithParent, parent } from '../../linux/kinship.ts';
import { becomeCommand } from '../../process/become.ts';
import { commandOf } from '../../process/command.ts';
import { NOT_STARTED } from '../failure.ts';
import { say } from '../say.ts';
import { endAtUncaught } from '../uncaught.ts';
import { cannotStart } from './cannot-start.ts';

const [expected, list, ...words] = process.argv.slice(2);

endAtUncaught();
endWithParent();
// If it has ended already, there will be no signal.
if (parent() === Number(expected)) {
  const fds = list!.split(',').filter((fd) => fd !== '').map(Number);
  const command = await commandOf(words);
  say(cannotStart(command, becomeCommand(command, fds)).message);
  process.exitCode = NOT_STARTED;
} else {
  process.exitCode = 128 + 15;
}
