import fc from 'fast-check';
import type { LockMode, LockRange } from '../../../src/mod.ts';
import type { Who } from './lock-model.ts';

/** How many files there are. */
export const PATHS = 2;

/** What is asked for anew. */
interface Asking {
  readonly who: Who;
  readonly path: number;
  readonly mode: LockMode;
  readonly range: LockRange;
}

/** What happens to one of those that there are: the one that comes first after so many others. */
interface Changing {
  readonly which: number;
}

/** One step. */
export type Operation =
  & (
    | { readonly do: 'lock' | 'tryLock' } & Asking
    | { readonly do: 'release' | 'downgrade' | 'upgrade' | 'tryUpgrade' | 'abort' } & Changing
    | { readonly do: 'close'; readonly who: 'second' }
    | { readonly do: 'unlock outside' | 'close outside' } & Changing
    | { readonly do: 'replace'; readonly path: number }
  )
  & {
    /**
     * When the next step comes: when everything that must follow has followed, at once, or after a
     * moment in which threads go on and nobody hears of it.
     */
    readonly then: 'settle' | 'go on' | 'stall';
  };

/** Bytes that lie apart, overlap, and contain each other. */
const range: fc.Arbitrary<LockRange> = fc.constantFrom(
  { start: 0, length: 0 },
  { start: 0, length: 2 },
  { start: 1, length: 2 },
  { start: 2, length: 0 },
);

/** The first one more often than the others together, so that there is a crowd. */
const path = fc.oneof({ arbitrary: fc.constant(0), weight: 2 }, fc.nat(PATHS - 1));

/** Sequences of steps in which these take part, with more that is asked for than given back. */
export function operations(who: readonly Who[], maxLength: number): fc.Arbitrary<Operation[]> {
  const asking = {
    who: fc.constantFrom(...who),
    path,
    mode: fc.constantFrom<LockMode>('shared', 'exclusive'),
    range,
  };
  const changing = { which: fc.nat(7) };
  const then = fc.constantFrom('settle', 'settle', 'go on', 'stall');
  const step = <const T extends Operation['do'], R>(
    weight: number,
    what: T,
    more: { [Name in keyof R]: fc.Arbitrary<R[Name]> },
  ) => ({ weight, arbitrary: fc.record({ do: fc.constant(what), ...more, then }) });
  const outside = who.includes('outside') ? 10 : 0;
  // Long ones as likely as short ones, and all values equally.
  return fc.noBias(fc.array(
    fc.oneof(
      step(32, 'lock', asking),
      step(8, 'tryLock', asking),
      step(14 * who.length, 'release', changing),
      step(4, 'downgrade', changing),
      step(8, 'upgrade', changing),
      step(4, 'tryUpgrade', changing),
      step(6, 'abort', changing),
      step(2, 'replace', { path }),
      step(who.includes('second') ? 1 : 0, 'close', { who: fc.constant('second' as const) }),
      step(outside, 'unlock outside', changing),
      step(outside, 'close outside', changing),
    ) as fc.Arbitrary<Operation>,
    { maxLength, size: 'max' },
  ));
}
