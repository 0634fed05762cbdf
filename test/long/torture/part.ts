import type { LockKind } from '../../../src/mod.ts';
import type { Ground } from './ground.ts';

/** What a process of a JavaScript runtime is told. */
export interface Part {
  readonly ground: Ground;
  readonly who: string;
  readonly seed: number;
  /** To whom its locks are counted. */
  readonly kind: 'auto' | LockKind;
}
