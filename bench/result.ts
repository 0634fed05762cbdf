import type { Case, PerRuntime } from './cases/case.ts';
import type { Environment } from './environment.ts';
import { type Absent, absent, type Point, type Samples } from './measure.ts';
import type { RuntimeName } from './place.ts';
import { difference, type Figure, figure, type Growth, growth } from './statistics.ts';
import { perRound, type Ratio, ratio, type Statistic, tell } from './statistics.ts';
import { inWords, type Unit } from './unit.ts';
import type { Usage } from './usage.ts';

/** A contender's part of a result: figures in the unit of the case, or why there are none. */
export type ContenderResult = Absent | (Figure & { name: string; samples: number[][] } & About);

/** What else is known of a contender. */
export interface About {
  /** Its place on a growth curve. */
  at?: Point;
  /** What it took of its process, if it worked there. */
  usage?: Usage;
}

/** How what a case costs grows. */
export interface GrowthResult extends Growth {
  /** Whose curve it is. */
  series: string;
  /** What it grows with, such as `waits`. */
  with: string;
  /** The most that the exponent may be, if there is a limit. */
  most?: number;
}

/** The most that an exponent of ours may be: not noticeably more than in proportion. */
const STEEPEST = 1.1;

/** How reflock compares with one other contender. */
export interface Comparison extends Ratio {
  /** The other one. */
  peer: string;
  /** The most that the median may be, if there is a limit. */
  bound?: number;
  /** The least that it may be, if there is a limit. */
  floor?: number;
  /** By how much reflock exceeds it. */
  difference: Figure;
  /** The most that the median of these may be, if there is a limit. */
  allowance?: number;
}

/** One of reflock's own figures. */
export interface OwnFigure {
  of: Statistic;
  value: number;
  /** The most that it may be, if there is a limit on this runtime. */
  most?: number;
}

/** One case on one runtime, with everything needed to check the figures. */
export interface Result {
  case: string;
  title: string;
  unit: Unit;
  runtime: RuntimeName;
  runtimeVersion: string;
  environment: Environment;
  contenders: ContenderResult[];
  comparisons: Comparison[];
  /** The figures that are limited by themselves, on this runtime or on another one. */
  own: OwnFigure[];
  /** One for each curve, where the case has contenders of several sizes. */
  growth: GrowthResult[];
  /** What makes no difference between two runs, if that is not told by a factor. */
  tolerance?: number;
  /** Whether two runs are not compared by what others took. */
  alone?: true;
}

/** Makes the figures of a case on a runtime out of its samples. */
export function evaluate(
  { unit = 'nanoseconds', bounds, floors = {}, allowances = {}, limits = {}, ...rest }: Limits,
  runtime: RuntimeName,
  samples: Samples,
  missing: readonly Absent[],
  about: Readonly<Record<string, About>> = {},
): Pick<Result, 'unit' | 'contenders' | 'comparisons' | 'own' | 'growth' | 'tolerance' | 'alone'> {
  const names = Object.keys(samples);
  const [own, ...others] = names;
  const peers = others.filter((name) => isComparable(about[own!]?.at, about[name]?.at));
  return {
    unit,
    contenders: [
      ...names.map((name) => ({
        name,
        ...figure(perRound(samples[name]!)),
        samples: samples[name]!,
        ...about[name],
      })),
      ...missing.map(({ name, absent: why }) => absent(name, why)),
    ],
    comparisons: peers.map((peer) => ({
      peer,
      ...ratio(samples, own!, peer),
      ...optional('bound', on(runtime, bounds[peer])),
      ...optional('floor', on(runtime, floors[peer])),
      difference: difference(samples, own!, peer),
      ...optional('allowance', on(runtime, allowances[peer])),
    })),
    own: Object.entries(limits).map(([name, limit]) => ({
      of: name as Statistic,
      value: tell(name as Statistic, samples[own!]!),
      ...optional('most', on(runtime, limit)),
    })),
    growth: rest.grows === undefined
      ? []
      : curves(rest.grows, rest.steepest ?? STEEPEST, samples, about),
    ...optional('tolerance', rest.tolerance),
    ...(rest.alone && { alone: rest.alone }),
  };
}

/** Of two points on growth curves, those on the same curve can be compared, and those of one size. */
function isComparable(own: Point | undefined, other: Point | undefined): boolean {
  return own === undefined || other === undefined || own.series === other.series ||
    own.size === other.size;
}

function curves(
  what: string,
  steepest: number,
  samples: Samples,
  about: Readonly<Record<string, About>>,
): GrowthResult[] {
  const series = new Set(Object.values(about).flatMap(({ at }) => at?.series ?? []));
  return [...series].flatMap((one) => {
    const points = Object.keys(samples).filter((name) => about[name]?.at?.series === one)
      .map((name) => ({ size: about[name]!.at!.size, cost: perRound(samples[name]!) }));
    if (points.length < 2) return [];
    const most = one.startsWith('reflock') ? { most: steepest } : {};
    return { series: one, with: what, ...growth(points), ...most };
  });
}

/** The part of a case that says what its figures may be. */
type Limits = Pick<
  Case,
  | 'unit'
  | 'bounds'
  | 'floors'
  | 'allowances'
  | 'limits'
  | 'grows'
  | 'steepest'
  | 'tolerance'
  | 'alone'
>;

function on(runtime: RuntimeName, limit: PerRuntime | undefined): number | undefined {
  return typeof limit === 'object' ? limit[runtime] : limit;
}

function optional<K extends string>(key: K, value: number | undefined): { [P in K]?: number } {
  return value === undefined ? {} : { [key]: value } as { [P in K]: number };
}

/** Above this part of its median, the spread of a ratio says that the machine was not quiet. */
const QUIET = 0.1;

/** Whether every limit is kept; a figure that is none keeps no limit. */
export function isKept(compared: Comparison | OwnFigure | GrowthResult): boolean {
  if ('series' in compared) return compared.most === undefined || compared.median <= compared.most;
  if ('of' in compared) return compared.most === undefined || compared.value <= compared.most;
  const { median, bound, floor, difference, allowance } = compared;
  return (bound === undefined || median <= bound) &&
    (floor === undefined || median >= floor) &&
    (allowance === undefined || difference.median <= allowance);
}

/** Which limits are not kept, one line each. */
export function missedBounds(results: readonly Result[]): string[] {
  return results.flatMap((result) => {
    const { unit, comparisons, own, growth } = result;
    const missed = [
      ...own.filter((one) => !isKept(one)).map(({ of, value, most }) =>
        `${of} ${inWords(value, unit)}, more than ${inWords(most!, unit)}`
      ),
      ...comparisons.filter((one) => !isKept(one)).map((one) => inWhatWay(one, unit)),
      ...growth.filter((one) => !isKept(one)).map((one) =>
        `${one.series} grows by the power ${one.median.toFixed(2)} of the ${one.with}, ` +
        `more than ${one.most}`
      ),
    ];
    return missed.map((text) => `${result.case} on ${result.runtime}: ${text}`);
  });
}

/** Tells which limit of a comparison is not kept. */
function inWhatWay(missed: Comparison, unit: Unit): string {
  const { peer, median, bound, floor, difference, allowance } = missed;
  // As many decimals as tell it from its limit.
  const isNear = Math.abs(median - (bound ?? floor ?? NaN)) < 0.005;
  const times = `${median.toFixed(isNear ? 4 : 2)} times ${peer}`;
  if (bound !== undefined && !(median <= bound)) return `${times}, more than ${bound}`;
  if (floor !== undefined && !(median >= floor)) return `${times}, less than ${floor}`;
  const beyond = `${inWords(difference.median, unit)} beyond ${peer}`;
  return `${beyond}, more than ${inWords(allowance!, unit)}`;
}

/** By this part of its processors, what else a machine does before a run makes its figures doubtful. */
const IDLE = 0.5;

/** What gives reason to doubt figures, and what to do about it, one line each. */
export function noiseWarnings(results: readonly Result[]): string[] {
  return [...busyMachine(results[0]), ...varyingRatios(results)];
}

function busyMachine(first: Result | undefined): string[] {
  if (first === undefined) return [];
  const { loadAverage: [load = 0], cores } = first.environment;
  if (load <= IDLE * cores) return [];
  return [`the machine was not idle before: a load of ${load.toFixed(2)} on ${cores} processors`];
}

function varyingRatios(results: readonly Result[]): string[] {
  return results.flatMap((result) =>
    result.comparisons
      .filter(({ median, mad, bound, floor }) =>
        (bound ?? floor) !== undefined && mad > QUIET * median
      )
      .map(({ peer, median, mad }) =>
        `${result.case} on ${result.runtime}: the ratio to ${peer} varies by ` +
        `${Math.round(100 * mad / median)} % between rounds; ` +
        'stop what else is running, or measure longer with --rounds'
      )
  );
}
