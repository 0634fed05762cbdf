import { join } from 'node:path';
import { quote } from '../lock/printable.ts';
import { type RemoveResult, removeRuntime } from '../runtime/mod.ts';
import { BROKEN, OK } from './failure.ts';
import { freedText } from './freed-text.ts';
import { interruptible } from './interruptible.ts';
import { print } from './print.ts';
import type { CommandLine } from './read-options.ts';
import { say } from './say.ts';
import { sayWaiting } from './say-waiting.ts';
import { takeOperands } from './take-operands.ts';
import { withProgress } from './with-progress.ts';

export { description } from './descriptions/rm.ts';

/** Removes a runtime that nobody uses. */
export async function main({ options, operands }: CommandLine): Promise<number> {
  const given = new Set(options.map(({ name }) => name));
  const [runtime] = takeOperands('rm', operands, ['RUNTIME']);
  const output = given.has('json') ? 'json' : 'text';

  const left = `${quote(runtime)} is as it was, or else garbage (tmp-partial-*) beside its path`;
  const result = await interruptible(left, (signal) =>
    withProgress(
      { work: 'rm', unit: 'files', output },
      signal,
      (onProgress) =>
        removeRuntime(runtime, {
          whenBusy: given.has('wait') ? 'wait' : 'error',
          dryRun: given.has('dry-run'),
          forceRuntime: given.has('force-runtime'),
          signal,
          onWait: sayWaiting,
          onProgress,
        }),
    ));
  print([output === 'json' ? JSON.stringify(result) : resultText(result)]);
  if (result.remains === undefined) return OK;
  if (output === 'text') { for (const line of remainsLines(result.remains)) say(line); }
  return BROKEN;
}

function resultText({ path, dryRun, freedBytes, freedInodes }: RemoveResult): string {
  const did = dryRun ? 'would remove' : 'removed';
  return `${did} ${quote(path)} (${freedText(freedBytes, freedInodes)})`;
}

function remainsLines({ path, failures, count }: NonNullable<RemoveResult['remains']>): string[] {
  const lines = failures.map((failure) =>
    `Cannot delete ${quote(join(path, failure.path))}: ${failure.message}`
  );
  const more = count - failures.length;
  if (more > 0) lines.push(`Cannot delete ${more} more in ${quote(path)}`);
  return lines;
}
