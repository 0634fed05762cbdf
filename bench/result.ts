import type { Case, PerRuntime } from './cases/case.ts';
import type { Environment } from './environment.ts';
import { type Absent, absent, type Point, type Samples } from './measure.ts';
import type { RuntimeName } from './place.ts';
import { difference, type Figure, figure, type Growth, growth } from './statistics.ts';
import { perRound, type Ratio, ratio, type Statistic, tell } from './statistics.ts';
import type { Unit } from './unit.ts';
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
    own: own === undefined ? [] : Object.entries(limits).map(([name, limit]) => ({
      of: name as Statistic,
      value: tell(name as Statistic, samples[own]!),
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
