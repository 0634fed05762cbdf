import type { Contender } from './measure.ts';
import type { RuntimeName } from './place.ts';
import type { ContenderResult, Result } from './result.ts';
import { type Figure, figure, perRound } from './statistics.ts';

/** How one of our figures differs between two runs. */
export interface Change {
  case: string;
  runtime: RuntimeName;
  contender: string;
  /** By whom both were measured, if by somebody; without, machine and moment count too. */
  beside?: string;
  /** How many times as much it is now: of time, or of what else is counted. */
  factor: number;
  /** The factor lies between itself divided and multiplied by this, as a rule. */
  spread: number;
  verdict: 'same' | 'slower' | 'faster' | 'unclear';
}

/**
 * The least factor that counts. One build measured twice may differ by a fifth, since the compilers of
 * the runtimes decide anew in every process, and so does the place of its memory.
 */
export const NOTICED = 1.3;
/** The same without anybody beside, where the machine's own speed counts too. */
const NOTICED_ALONE = 1.5;
/** A factor that can hide in the spread makes a comparison worthless. */
const HIDDEN = 2;
/** How many standard errors count as certain. */
const CERTAIN = 2;
/** The least deviation that the rounds of a case are taken to have: a few may agree by chance. */
const LEAST = 0.13;
/** Standard error of a median, by median absolute deviation of values that are distributed normally. */
const ERROR_PER_DEVIATION = 1.2533 * 1.4826;

/** Compares what two runs have measured of the same cases on the same runtimes. */
export function compare(before: readonly Result[], after: readonly Result[]): Change[] {
  return after.flatMap((result) => {
    const other = before.find((one) => one.case === result.case && one.runtime === result.runtime);
    return other === undefined ? [] : compareCase(other, result);
  });
}

/** What else differs between two runs, and may have made figures what they are, one line each. */
export function otherDifferences(before: readonly Result[], after: readonly Result[]): string[] {
  const [then, now] = [before, after].map(surroundings);
  return [...now!].filter(([what, is]) => then!.has(what) && then!.get(what) !== is)
    .map(([what, is]) => `${what} was ${then!.get(what)} before, and is ${is} now`);
}

function surroundings(results: readonly Result[]): Map<string, string> {
  return new Map(results.flatMap(({ runtime, runtimeVersion, environment }) => [
    ['the kernel', environment.kernel],
    ['the processor', `${environment.cores} × ${environment.cpu}`],
    ['the filesystem', environment.filesystem],
    [runtime, runtimeVersion],
    ...Object.entries(environment.versions),
  ]));
}

function compareCase(before: Result, after: Result): Change[] {
  return after.contenders.filter((one) => isLargest(one, after)).flatMap((now) => {
    const then = before.contenders.find(({ name }) => name === now.name);
    if (!isOurs(now) || 'absent' in now || then === undefined || 'absent' in then) return [];
    const { case: name, runtime, tolerance } = after;
    const change = { case: name, runtime, contender: now.name };
    if (tolerance !== undefined) return [{ ...change, ...byTolerance(then, now, tolerance) }];
    const beside = reference(before, after, now);
    return [{ ...change, ...(beside && { beside }), ...judge(before, after, now.name, beside) }];
  });
}

/** Whether a contender is a way of reflock. */
export function isOurs({ name }: Pick<Contender, 'name'>): boolean {
  return name.startsWith('reflock');
}

/** Of a growth curve one point is compared; the exponent and the limits hold the others to it. */
function isLargest(own: ContenderResult, { contenders }: Result): boolean {
  const sizes = contenders.filter(isOurs).map((one) => sizeOf(one) ?? 0);
  return (sizeOf(own) ?? Math.max(...sizes)) === Math.max(...sizes);
}

/** Somebody else who was measured both times, with as many of what is counted; C before others. */
function reference(before: Result, after: Result, own: ContenderResult): string | undefined {
  if (after.alone) return undefined;
  const isThere = (one: ContenderResult): boolean =>
    !isOurs(one) && !('absent' in one) && sizeOf(one) === sizeOf(own);
  const names = after.contenders.filter(isThere).map(({ name }) => name)
    .filter((name) => before.contenders.some((one) => one.name === name && isThere(one)));
  return names.find((name) => /^C\b/.test(name)) ?? names[0];
}

function sizeOf(contender: ContenderResult): number | undefined {
  return 'at' in contender ? contender.at?.size : undefined;
}

function judge(
  before: Result,
  after: Result,
  name: string,
  beside: string | undefined,
): Pick<Change, 'factor' | 'spread' | 'verdict'> {
  const [then, now] = [before, after].map((result) => logarithm(result, name, beside));
  const log = now!.median - then!.median;
  const error = CERTAIN * Math.hypot(now!.mad, then!.mad);
  const noticed = Math.log(beside === undefined ? NOTICED_ALONE : NOTICED) + error;
  return {
    factor: Math.exp(log),
    spread: Math.exp(error),
    verdict: log > noticed
      ? 'slower'
      : log < -noticed
      ? 'faster'
      : noticed > Math.log(HIDDEN)
      ? 'unclear'
      : 'same',
  };
}

/** The logarithm of a figure, relative to somebody's beside, and its standard error. */
function logarithm(result: Result, name: string, beside: string | undefined): Figure {
  const peers = beside === undefined ? [] : roundsOf(result, beside);
  const rounds = roundsOf(result, name).map((value, round) =>
    Math.log(value / (peers[round] ?? 1))
  );
  const { median, mad } = figure(rounds);
  return { median, mad: Math.max(ERROR_PER_DEVIATION * mad, LEAST) / Math.sqrt(rounds.length) };
}

function roundsOf({ contenders }: Result, name: string): number[] {
  const found = contenders.find((one) => one.name === name)!;
  return 'absent' in found ? [] : perRound(found.samples);
}

/** Where little or nothing is the rule, as of lateness, a factor says nothing. */
function byTolerance(
  then: Figure,
  now: Figure,
  tolerance: number,
): Pick<Change, 'factor' | 'spread' | 'verdict'> {
  const more = now.median - then.median;
  return {
    factor: now.median / then.median,
    spread: 1,
    verdict: more > tolerance ? 'slower' : more < -tolerance ? 'faster' : 'same',
  };
}
