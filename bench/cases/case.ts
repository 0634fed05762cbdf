import type { Absent, Contender } from '../measure.ts';

/** Something to measure: the same work done by reflock and by others. */
export interface Case {
  readonly name: string;
  /** What the work is. */
  readonly title: string;
  /** The most that reflock may take, as a multiple of what the named contender takes. */
  readonly bounds: Readonly<Record<string, number>>;
  /** The most nanoseconds that reflock may take beyond what the named contender takes. */
  readonly allowances?: Readonly<Record<string, number>>;
  readonly rounds: number;
  /** Makes the contenders, reflock being the first, for the file `path`, which exists. */
  contenders(path: string): (Contender | Absent)[];
}
