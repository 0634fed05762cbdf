import { holdersText } from '../lock/holders.ts';
import { quote } from '../lock/printable.ts';
import { DEPLOYMENT } from '../runtime/garbage-names.ts';
import { collectGarbage, type GarbageReport } from '../runtime/mod.ts';
import { counted } from './counted.ts';
import { BROKEN, Failure, OK, USAGE } from './failure.ts';
import { freedText } from './freed-text.ts';
import { interruptible } from './interruptible.ts';
import { print } from './print.ts';
import type { CommandLine } from './read-options.ts';
import { sayWaiting } from './say-waiting.ts';
import { takeOperands } from './take-operands.ts';
import { withProgress } from './with-progress.ts';

export { description } from './descriptions/gc.ts';

/** Collects the garbage of a directory of copies. */
export async function main({ options, operands }: CommandLine): Promise<number> {
  const given = new Map(options.map(({ name, value }) => [name, value]));
  const [parent] = takeOperands('gc', operands, ['PARENT']);
  // Shells complete the name of a directory with a slash.
  const current = options.filter(({ name }) => name === 'current')
    .map(({ value }) => value.replace(/\/+$/, ''));
  for (const name of current) checkDeployment(name);
  const output = given.has('json') ? 'json' : 'text';

  const left = 'what is not deleted yet is garbage for the next time';
  const report = await interruptible(left, (signal) =>
    withProgress(
      { work: 'gc', unit: 'entries', output },
      signal,
      (onProgress) =>
        collectGarbage(parent, {
          whenBusy: given.has('wait') ? 'wait' : 'skip',
          dryRun: given.has('dry-run'),
          currentDeployments: current.length > 0 ? current : undefined,
          legacyBase: given.get('legacy-base'),
          forceParent: given.has('force-parent'),
          signal,
          onWait: sayWaiting,
          onProgress,
        }),
    ));
  print(output === 'json' ? [JSON.stringify(report)] : reportLines(report));
  // What nobody uses, and is there all the same.
  return report.kept.some(({ why }) => why === 'failed' || why === 'cannot-lock') ? BROKEN : OK;
}

function checkDeployment(name: string): void {
  if (name.startsWith(DEPLOYMENT)) return;
  throw new Failure(
    USAGE,
    `The option "--current" must be a name that begins with "${DEPLOYMENT}", not ${quote(name)}`,
  );
}

function reportLines({ busy, dryRun, deleted, kept, ...freed }: GarbageReport): string[] {
  if (busy !== undefined) {
    return [`nothing was collected: ${quote(busy.path)} is ${holdersText(busy.holders)}`];
  }
  // All else that lies there is nobody's concern here.
  const concerned = kept.filter(({ why }) => why !== 'not-garbage');
  return [
    ...deleted.map(({ path, bytes, inodes }) =>
      `${dryRun ? 'would delete' : 'deleted'} ${quote(path)} (${freedText(bytes, inodes)})`
    ),
    ...concerned.map(({ path, message }) => `kept ${quote(path)}: ${message}`),
    `${counted(deleted.length, 'entry', 'entries')} ${dryRun ? 'would be ' : ''}deleted, ` +
    `${concerned.length} kept: ${freedText(freed.freedBytes, freed.freedInodes)} freed`,
  ];
}
