import process from 'node:process';
import { spawnLocked } from '../mod.ts';
import { useRuntime } from '../runtime/use-runtime.ts';
import { Failure, OK, USAGE } from './failure.ts';
import { readOptions } from './read-options.ts';
import { runCommand } from './run-command.ts';

const help = `usage: reflock use RUNTIME [--] COMMAND [ARG...]

Runs COMMAND and keeps RUNTIME from being deleted until COMMAND, and every process that it left
behind, has ended: they inherit a shared lock on the runtime's .ref, which is created if missing.

RUNTIME is a directory with files/ (a deployment), with usr/ (a whole root filesystem), or with
bin/ and lib/ (a merged /usr).

  --help  show this

Ends with COMMAND's status, or 128 + n when signal n ended it; 64: bad usage; 69: the runtime cannot
be locked; 75: it is being deleted; 127: COMMAND cannot be started.

example: reflock use ~/runtimes/sniper -- bwrap --ro-bind ~/runtimes/sniper/files /usr ...
`;

/** Runs a command that inherits a shared lock on a runtime. */
export async function main(args: readonly string[]): Promise<number> {
  const { options, operands } = readOptions(args, {});
  if (options.some(({ name }) => name === 'help')) {
    process.stdout.write(help);
    return OK;
  }
  const [runtime, ...rest] = operands;
  if (rest[0] === '--') rest.shift();
  const [command, ...commandArgs] = rest;
  if (runtime === undefined) throw new Failure(USAGE, 'No runtime given; see reflock use --help');
  if (command === undefined) throw new Failure(USAGE, 'No command given; see reflock use --help');
  const { lock } = await useRuntime(runtime);
  try {
    // Both hold it: a command that closes the descriptors it does not know is protected by ours, and
    // what it leaves behind by what was inherited.
    return await runCommand(
      command,
      () => spawnLocked(lock, command, commandArgs, { stdio: 'inherit' }),
    );
  } finally {
    lock.release();
  }
}
