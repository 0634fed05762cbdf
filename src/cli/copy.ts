import process from 'node:process';
import { quote } from '../lock/lock-error.ts';
import { spawnLocked } from '../mod.ts';
import { createCopy, type MutableCopy, type SkippedEntry } from '../runtime/mod.ts';
import { counted } from './counted.ts';
import { Failure, OK, USAGE } from './failure.ts';
import { interruptible } from './interruptible.ts';
import { readOptions } from './read-options.ts';
import { runCommand } from './run-command.ts';
import { sayWaiting } from './say-waiting.ts';
import { takeOperands } from './take-operands.ts';
import { withProgress } from './with-progress.ts';

const help = `usage: reflock copy [OPTION...] SOURCE PARENT [-- COMMAND [ARG...]]

Makes a mutable copy of the runtime SOURCE in the directory PARENT, which is created if missing.
Files are hard links where that is possible: replace a file in the copy, never write into it.

Without COMMAND, prints the path of the copy. From then on it is garbage, which the next
"reflock gc PARENT" deletes unless somebody uses it: reflock use COPY -- ...

With COMMAND, runs it with a shared lock on the copy, which lasts until COMMAND, and every process
that it left behind, has ended. {} in COMMAND and its arguments stands for the path of the copy.

  --wait  wait while SOURCE is being deleted (default: that is an error)
  --json  print path, ref, entries and skipped as JSON; not with COMMAND
  --help  show this

Ends with 0, or COMMAND's status; 64: bad usage; 69: no copy could be made; 75: SOURCE is being
deleted; 127: COMMAND cannot be started; 128 + n: signal n ended it, and the copy is not there if
it was not whole.

example: reflock copy ~/runtimes/sniper/files ~/copies -- bwrap --bind {}/usr /usr ...
`;

/** How many of the entries that were left out are named. */
const NAMED = 3;

/** Makes a mutable copy, and hands it to a command. */
export async function main(args: readonly string[]): Promise<number> {
  const { options, operands } = readOptions(args, { json: 'flag', wait: 'flag' });
  const given = new Set(options.map(({ name }) => name));
  if (given.has('help')) {
    process.stdout.write(help);
    return OK;
  }
  const end = operands.indexOf('--');
  const before = end === -1 ? operands : operands.slice(0, end);
  const [source, parent] = takeOperands('copy', before, ['SOURCE', 'PARENT']);
  const [command, ...commandArgs] = end === -1 ? [] : operands.slice(end + 1);
  if (end !== -1 && command === undefined) {
    throw new Failure(USAGE, 'No command given after "--"; see reflock copy --help');
  }
  const output = given.has('json') ? 'json' : 'text';
  if (output === 'json' && command !== undefined) {
    throw new Failure(USAGE, 'The option "--json" goes without a command');
  }

  // The command is started within, so that no signal comes when nobody listens.
  return await interruptible('no copy was made', async (signal) => {
    const whenBusy = given.has('wait') ? 'wait' : 'error';
    const copy = await withProgress(
      { work: 'copy', unit: 'files', output },
      signal,
      (onProgress) =>
        createCopy(source, parent, { whenBusy, signal, onWait: sayWaiting, onProgress }),
    );
    const { path, lock, skipped } = copy;
    try {
      if (output === 'text' && skipped.length > 0) process.stderr.write(skippedText(skipped));
      if (command === undefined) {
        process.stdout.write(output === 'json' ? jsonText(copy) : `${path}\n`);
        return OK;
      }
      const [file, ...rest] = [command, ...commandArgs].map((word) =>
        word.replaceAll('{}', () => path)
      );
      return await runCommand(
        file!,
        () => spawnLocked(lock, file!, rest, { stdio: 'inherit' }),
      );
    } finally {
      lock.release();
    }
  });
}

function jsonText({ path, ref, entries, skipped }: MutableCopy): string {
  return `${JSON.stringify({ path, ref, entries, skipped })}\n`;
}

/** One line, however many there are: a root filesystem has all its devices left out. */
function skippedText(skipped: readonly SkippedEntry[]): string {
  const named = skipped.slice(0, NAMED).map(({ path, why }) => `${quote(path)} (${why})`);
  const more = skipped.length - named.length;
  const all = more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
  return `reflock: left out ${counted(skipped.length, 'entry', 'entries')}: ${all}\n`;
}
