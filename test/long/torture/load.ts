import { Random } from '../../support/random.ts';
import type { Lane } from './lane.ts';
import * as operations from './operations.ts';
import type { Operation } from './operations.ts';

/** How many things one process does at a time. */
const LANES = 10;

/** Each as often as its number says; what locks of processes cannot do comes last. */
const WEIGHTS: readonly (readonly [Operation, number])[] = [
  [operations.tries, 30],
  [operations.patient, 30],
  [operations.impatient, 15],
  [operations.race, 8],
  [operations.modes, 10],
  [operations.together, 4],
  [operations.replace, 3],
];
const FOR_DESCRIPTIONS: readonly (readonly [Operation, number])[] = [
  [operations.handOn, 1],
  [operations.adopt, 4],
];

/** What a process does to locks: many things at a time, until it is told to drain. */
export class Load {
  #over = false;
  readonly #lanes: Promise<void>[];

  constructor(stage: Lane) {
    const weights = stage.kind === 'process' ? WEIGHTS : [...WEIGHTS, ...FOR_DESCRIPTIONS];
    const deck = weights.flatMap(([operation, times]) => Array<Operation>(times).fill(operation));
    this.#lanes = Array.from({ length: LANES }, () => this.#run(stage, deck));
  }

  /** Begins nothing more; returns when all has come to its end. */
  async drain(): Promise<void> {
    this.#over = true;
    await Promise.all(this.#lanes);
  }

  async #run(stage: Lane, deck: readonly Operation[]): Promise<void> {
    const random = new Random(stage.random.next() * 2 ** 32);
    const lane: Lane = { ...stage, random };
    // So that what is synchronous leaves the others their turn.
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    while (!this.#over) {
      try {
        await random.pick(deck)(lane);
      } catch (error) {
        stage.witness.broken(
          `unexpected: ${(error as Error).stack ?? error}`.replaceAll('\n', ' '),
        );
        return;
      }
      await turn();
    }
  }
}
