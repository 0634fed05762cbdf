import { monotonic } from './clock.ts';
import { observe, type Usage } from './usage.ts';

/** One of those that do the same work in turn. */
export interface Contender {
  /** Begins with `reflock` where it is ours. */
  readonly name: string;
  /** Does the work this many times; gives one sample or several, in the unit of the case. */
  measure(count: number): number[] | Promise<number[]>;
  /** How often a round does the work; by default as often as fits into {@linkcode ROUND}. */
  readonly count?: number;
  /** Whether it is measured as it comes: in a fresh process, or where a turn takes seconds. */
  readonly cold?: boolean;
  /** Whether the work is done by another process, so that this one's threads and memory tell nothing. */
  readonly elsewhere?: boolean;
  /** Its place on a growth curve. */
  readonly at?: Point;
  /** Gives back what it has. */
  end?(): void;
}

/** A point of a growth curve. */
export interface Point {
  /** Whose curve it is; begins with `reflock` where it is ours. */
  readonly series: string;
  /** How many of what the case counts. */
  readonly size: number;
}

/** A contender that cannot run here, and why. */
export interface Absent {
  readonly name: string;
  readonly absent: string;
}

/** Makes an {@linkcode Absent}. */
export function absent(name: string, why: string): Absent {
  return { name, absent: why };
}

/** Samples by contender, round and order in the round. */
export type Samples = Record<string, number[][]>;

/** What was measured. */
export interface Measured {
  samples: Samples;
  /** What each contender took of this process while it warmed up, if that tells something. */
  usage: Record<string, Usage>;
}

/** How long one contender works in a round: short, so that noise meets all of them alike. */
const ROUND = 20e6;
/** How long each contender warms up: past the just-in-time compilers' last stage. */
const WARM_UP = 300e6;

/**
 * Measures contenders against each other in rounds. In every round each has one turn, and the
 * next round begins with another one, so that drift, heat and other programs strike all alike
 * and the ratio within a round means something even where times do not.
 */
export async function measureRounds(
  contenders: readonly Contender[],
  rounds: number,
): Promise<Measured> {
  const samples: Samples = {};
  const usage: Record<string, Usage> = {};
  const counts = new Map<Contender, number>();
  for (const contender of contenders) {
    samples[contender.name] = [];
    const seen = await observe(async () => counts.set(contender, await warmUp(contender)));
    if (!contender.cold && !contender.elsewhere) usage[contender.name] = seen;
  }
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(round + turn) % contenders.length]!;
      samples[contender.name]!.push(await contender.measure(counts.get(contender)!));
    }
  }
  return { samples, usage };
}

/** Runs a contender until it is warm; gives how often it shall do its work in a round. */
async function warmUp(contender: Contender): Promise<number> {
  let count = contender.count ?? 100;
  if (contender.cold) return count;
  const end = monotonic() + BigInt(WARM_UP);
  for (let now = monotonic(); now < end;) {
    await contender.measure(count);
    const before = now;
    now = monotonic();
    if (contender.count === undefined) {
      count = Math.max(1, Math.round(count * ROUND / Number(now - before)));
    }
  }
  return count;
}

/** Times a function that does some work `count` times: one sample, the nanoseconds of one time. */
export async function time(
  count: number,
  work: (count: number) => void | Promise<void>,
): Promise<number[]> {
  const start = monotonic();
  await work(count);
  return [Number(monotonic() - start) / count];
}
