import { quote } from '../lock/printable.ts';
import { createCopy, type MutableCopy, type SkippedEntry } from '../runtime/mod.ts';
import { counted } from './counted.ts';
import { Failure, OK, USAGE } from './failure.ts';
import { interruptible } from './interruptible.ts';
import { print } from './print.ts';
import type { CommandLine } from './read-options.ts';
import { runUnder } from './run/run-command.ts';
import { say } from './say.ts';
import { sayWaiting } from './say-waiting.ts';
import { takeOperands } from './take-operands.ts';
import { withProgress } from './with-progress.ts';

export { description } from './descriptions/copy.ts';

/** How many of the entries that were left out are named. */
const NAMED = 3;

/** Makes a mutable copy, and hands it to a command. */
export async function main({ options, operands }: CommandLine): Promise<number> {
  const given = new Set(options.map(({ name }) => name));
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
      if (output === 'text' && skipped.length > 0) say(skippedText(skipped));
      if (command === undefined) {
        print([output === 'json' ? jsonText(copy) : path]);
        return OK;
      }
      const words = [command, ...commandArgs].map((word) => word.replaceAll('{}', () => path));
      return await runUnder(lock, words);
    } finally {
      lock.release();
    }
  });
}

function jsonText({ path, ref, entries, skipped }: MutableCopy): string {
  return JSON.stringify({ path, ref, entries, skipped });
}

/** One line, however many there are: a root filesystem has all its devices left out. */
function skippedText(skipped: readonly SkippedEntry[]): string {
  const named = skipped.slice(0, NAMED).map(({ path, why }) => `${quote(path)} (${why})`);
  const more = skipped.length - named.length;
  const all = more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
  return `left out ${counted(skipped.length, 'entry', 'entries')}: ${all}`;
}
