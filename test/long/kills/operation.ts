import type { CollectOptions } from '../../../src/runtime/mod.ts';
import type { Order } from '../../fixtures/victim.ts';
import type { Manifest } from '../../support/manifest.ts';
import type { Ground } from './ground.ts';

/** How far an operation had got when it was killed, as its traces tell. */
export type State = 'before' | 'middle' | 'after';

/** An operation that is to be killed. */
export interface Operation {
  readonly name: 'copier' | 'collector' | 'remover';
  /** Lays out what it shall work on this time. */
  prepare(ground: Ground, round: number): Task;
}

/** What an operation has to do, and what may be found then. */
export interface Task {
  /** What the victim is told. */
  readonly order: Order;
  /** What each path must consist of if it is still there, unless it was no runtime before. */
  readonly prey: ReadonlyMap<string, Manifest | 'no runtime'>;
  /** What a runtime must consist of that was not there before. */
  readonly makes?: Manifest;
  /** Looks how far it has got. */
  state(): State;
  /** The one collection that must clean up after it. */
  readonly collect: { readonly parent: string; readonly options: CollectOptions };
  /** Which of the prey that collection leaves, because its name is not that of garbage. */
  readonly left: readonly string[];
}
