import { quote } from '../lock/printable.ts';
import type { Lock } from '../mod.ts';
import { Failure, UNAVAILABLE } from './failure.ts';
import type { CommandLine } from './read-options.ts';
import { type Plan, readPlan } from './run/plan.ts';
import { runCommand } from './run/run-command.ts';

export { description } from './descriptions/run.ts';

/** Runs a command under locks that the wrapper holds, or becomes a command that holds them. */
export async function main(line: CommandLine): Promise<number> {
  const plan = readPlan(line);
  // Every word has been understood by now, and only now is anything touched.
  await checkDescriptors(plan);
  if (plan.exitWithParent) (await import('../linux/kinship.ts')).endWithParent();
  const say = plan.verbose ? (await import('./say.ts')).say : undefined;
  const locks = await take(plan);
  for (const { path, mode } of locks) say?.(`locked ${quote(path)}, ${mode}`);
  try {
    return await (plan.exec ? become(plan, locks) : superviseUnder(plan, say));
  } finally {
    for (const lock of locks) lock.release();
  }
}

// What only some command lines need is loaded by those, here and below: most of the time that a
// wrapper takes is for loading it.

async function checkDescriptors({ fds }: Plan): Promise<void> {
  if (fds.length === 0) return;
  const { isInherited } = await import('../linux/own-fds.ts');
  for (const fd of fds) {
    if (isInherited(fd, fds)) continue;
    throw new Failure(
      UNAVAILABLE,
      `The descriptor ${fd} is not open, or the JavaScript runtime's own`,
    );
  }
}

async function take({ locks, timeout }: Plan): Promise<Lock[]> {
  if (locks.length === 0) return [];
  const { takeLocks } = await import('./run/take-locks.ts');
  return await takeLocks(locks, timeout);
}

async function superviseUnder(plan: Plan, say?: (text: string) => void): Promise<number> {
  const { fds, passed, subreaper, terminate, exitWithParent } = plan;
  const stay = subreaper || terminate !== undefined;
  const care = { fds: passed, kept: fds, stay, terminate, say };
  if (!exitWithParent) return await runCommand(plan.command, care);
  const { startWithParent } = await import('./run/start-with-parent.ts');
  const { command, fds: inherited, isReady } = startWithParent(plan.command, passed);
  return await runCommand(command, { ...care, fds: inherited, isReady });
}

async function become({ command, fds }: Plan, locks: readonly Lock[]): Promise<never> {
  const { becomeCommand } = await import('../process/become.ts');
  const { commandOf } = await import('../process/command.ts');
  // What was to be kept has nobody else to keep it.
  const words = await commandOf(command);
  const errno = becomeCommand(words, [...fds, ...locks.map(({ fd }) => fd)]);
  const { cannotStart } = await import('./run/cannot-start.ts');
  throw cannotStart(words, errno);
}
