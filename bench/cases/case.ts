import type { Absent, Contender } from '../measure.ts';
import type { RuntimeName } from '../place.ts';
import type { Statistic } from '../statistics.ts';
import type { Unit } from '../unit.ts';

/** A limit on every runtime, or on those that are named. */
export type PerRuntime = number | Readonly<Partial<Record<RuntimeName, number>>>;

/** Something to measure: the same work done by reflock and by others. */
export interface Case {
  readonly name: string;
  /** What the work is. */
  readonly title: string;
  /**
   * What is counted; whatever it is, less is better.
   * @default {'nanoseconds'}
   */
  readonly unit?: Unit;
  /** The most that reflock may take, as a multiple of what the named contender takes. */
  readonly bounds: Readonly<Record<string, PerRuntime>>;
  /** The least, as such a multiple, where the named contender is a way of reflock to save time. */
  readonly floors?: Readonly<Record<string, PerRuntime>>;
  /** The most that reflock may take beyond what the named contender takes. */
  readonly allowances?: Readonly<Record<string, PerRuntime>>;
  /** The most that reflock may take at all. A figure with no limit on a runtime is shown there. */
  readonly limits?: Readonly<Partial<Record<Statistic, PerRuntime>>>;
  /**
   * Between two runs, a difference of less than this is none, in the unit of the case. For figures that
   * are small or nothing as a rule; of all others the factor counts.
   */
  readonly tolerance?: number;
  /**
   * Whether two runs are compared by our own figures alone, and not by what we take beside somebody else
   * in the same run, since that one has good runs and bad ones.
   */
  readonly alone?: true;
  /** What its growth curves count, such as `waits`; each contender says where it is `at`. */
  readonly grows?: string;
  /**
   * The most that the exponent of our own curves may be: with 1 all of them together cost in proportion.
   * @default {1.1}
   */
  readonly steepest?: number;
  /** Whether only a full run has it, because it takes long. */
  readonly full?: true;
  /** How often each has its turn in a full run; a short one has a third of that. */
  readonly rounds: number;
  /** Makes the contenders, reflock being the first, for the file `path`, which exists. */
  contenders(path: string): (Contender | Absent)[];
}
