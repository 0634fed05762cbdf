import { type Change, compare } from '../../bench/compare.ts';
import { measureAll, type Plan } from '../../bench/measure-all.ts';
import { remarksOn } from '../../bench/report/terminal.ts';
import type { Result } from '../../bench/result.ts';
import { missedBounds } from '../../bench/verdicts.ts';
import { save } from '../../bench/saved.ts';
import { quote } from '../lock/printable.ts';
import { collect } from './bench/collect.ts';
import { confirm } from './bench/confirm.ts';
import { nameOf, planOf, savedBy } from './bench/options.ts';
import { preparePage } from './bench/page.ts';
import { BROKEN, Failure, OK, USAGE } from './failure.ts';
import { interruptible } from './interruptible.ts';
import { print } from './print.ts';
import type { CommandLine } from './read-options.ts';
import { say } from './say.ts';
import { takeOperands } from './take-operands.ts';

export { description } from './descriptions/bench.ts';

/** Measures, or takes what was measured before, and tells what came of it. */
export async function main({ options, operands }: CommandLine): Promise<number> {
  const given = new Map(options.map(({ name, value }) => [name, value]));
  takeOperands('bench', operands, []);
  const output = given.has('json') ? 'json' : 'text';
  const before = savedBy(given, 'compare');
  const shown = savedBy(given, 'show');
  const plan = shown === undefined ? planOf(given) : undefined;
  if (plan === undefined) refuseToMeasure(given);
  const page = given.has('report') ? await preparePage(given.get('report')!) : undefined;
  const name = nameOf(given, 'save');
  const saving = name === undefined ? undefined : save(name);
  const left = saving === undefined
    ? 'nothing is saved without --save'
    : `what was measured is in ${quote(saving.unfinished)}`;

  return await interruptible(left, async (signal) => {
    const source = plan === undefined ? shown! : measureAll(plan, signal);
    const { results, failed } = await collect(source, {
      output,
      saving,
      signal,
      total: total(plan),
    });
    // What lacks something does not take the place of what was whole.
    if (failed && saving !== undefined) say(left);
    else saving?.finish();
    const compared = before &&
      { before, changes: await confirmed(before, results, plan, signal) };
    await page?.write(results);
    const remarks = remarksOn(results, compared);
    if (output === 'text') print(remarks);
    else remarks.forEach((line) => say(line));
    const isSlower = compared?.changes.some(({ verdict }) => verdict === 'slower');
    const isMissed = given.has('check') && missedBounds(results).length > 0;
    return failed || isSlower || isMissed ? BROKEN : OK;
  });
}

function total(plan: Plan | undefined): number {
  return plan === undefined ? 0 : plan.cases.length * plan.runtimes.length;
}

function refuseToMeasure(given: ReadonlyMap<string, string>): void {
  for (const name of ['full', 'case', 'runtime', 'dir', 'rounds', 'save']) {
    if (!given.has(name)) continue;
    throw new Failure(USAGE, `The option "--${name}" makes no sense beside "--show"`);
  }
}

/** What differs from before; what has become slower is measured again, and counts if it does so too. */
async function confirmed(
  before: readonly Result[],
  results: readonly Result[],
  plan: Plan | undefined,
  signal: AbortSignal,
): Promise<Change[]> {
  const changes = compare(before, results);
  if (changes.length === 0) {
    throw new Failure(USAGE, 'None of these cases is among the results to compare with');
  }
  return plan === undefined ? changes : await confirm(changes, before, plan, signal);
}
