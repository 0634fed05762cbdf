import { useRuntime } from '../runtime/use-runtime.ts';
import { Failure, USAGE } from './failure.ts';
import type { CommandLine } from './read-options.ts';
import { runUnder } from './run/run-command.ts';

export { description } from './descriptions/use.ts';

/** Runs a command that inherits a shared lock on a runtime. */
export async function main({ operands }: CommandLine): Promise<number> {
  const [runtime, ...rest] = operands;
  if (rest[0] === '--') rest.shift();
  if (runtime === undefined) throw new Failure(USAGE, 'No runtime given; see reflock use --help');
  if (rest.length === 0) throw new Failure(USAGE, 'No command given; see reflock use --help');
  const { lock } = await useRuntime(runtime);
  try {
    // Both hold it: a command that closes the descriptors it does not know is protected by ours, and
    // what it leaves behind by what was inherited.
    return await runUnder(lock, rest);
  } finally {
    lock.release();
  }
}
