import { type Change, compare } from '../../../bench/compare.ts';
import { measureAll, type Plan } from '../../../bench/measure-all.ts';
import type { Result } from '../../../bench/result.ts';

/** How often something must seem slower. */
const TIMES = 3;

/**
 * Measures again what seems to have become slower, and keeps that verdict only for what seems so every
 * time: a busy moment of the machine is none of ours, and seldom comes again just then.
 */
export async function confirm(
  changes: readonly Change[],
  before: readonly Result[],
  plan: Plan,
  signal: AbortSignal,
): Promise<Change[]> {
  let confirmed = [...changes];
  for (let times = 1; times < TIMES; times++) {
    const again: Result[] = [];
    for (const { case: name, runtime } of places(confirmed)) {
      for await (const one of measureAll({ ...plan, cases: [name], runtimes: [runtime] }, signal)) {
        if (!('failure' in one)) again.push(one);
      }
    }
    const anew = compare(before, again);
    confirmed = confirmed.map((change) =>
      change.verdict === 'slower' ? anew.find((one) => isSame(one, change)) ?? change : change
    );
  }
  return confirmed;
}

/** Where something seems slower, each place once. */
function places(changes: readonly Change[]): Change[] {
  const slower = changes.filter(({ verdict }) => verdict === 'slower');
  return slower.filter((one, index) =>
    slower.findIndex((other) => one.case === other.case && one.runtime === other.runtime) === index
  );
}

function isSame(one: Change, other: Change): boolean {
  return one.case === other.case && one.runtime === other.runtime &&
    one.contender === other.contender;
}
