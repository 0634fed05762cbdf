import { LockEngine } from '../../../src/mod.ts';
import { type Outsider, startOutsider } from '../outsider.ts';
import { newFile } from '../temp.ts';
import { PATHS } from './operations.ts';

/** The real things that a model is compared with, made once for many sequences of operations. */
export class World {
  readonly outsider: Outsider;
  readonly paths: readonly string[] = Array.from({ length: PATHS }, newFile);
  /** A file that each engine waits for all the time, if it shall have no thread left. */
  readonly elsewhere: string | undefined;
  /** Locks of the outsider that it has only unlocked. */
  readonly unlocked: string[] = [];
  engines: Record<'first' | 'second', LockEngine>;

  private constructor(outsider: Outsider, elsewhere: string | undefined) {
    this.outsider = outsider;
    this.elsewhere = elsewhere;
    this.engines = { first: this.#newFirst(), second: this.#newSecond() };
  }

  /** Makes a world in which each engine has one thread to block, or none. */
  static async make(threads: 'one' | 'none'): Promise<World> {
    const outsider = await startOutsider();
    if (threads === 'one') return new World(outsider, undefined);
    const elsewhere = newFile();
    const range = { start: 0, length: 0 };
    await outsider.take({ path: elsewhere, mode: 'exclusive', range });
    return new World(outsider, elsewhere);
  }

  /** Clears up behind a sequence of operations. */
  async tidy(isSecondClosed: boolean): Promise<void> {
    for (const number of this.unlocked.splice(0)) await this.outsider.drop(number, 'close');
    if (isSecondClosed) this.engines = { ...this.engines, second: this.#newSecond() };
  }

  /** Ends everything, whatever state it is in. */
  async end(): Promise<void> {
    const { first, second } = this.engines;
    await Promise.all([first.close(), second.close()]);
    await this.outsider.end();
  }

  /** An engine that hands locks over as often as it can, so that it is known when. */
  #newFirst(): LockEngine {
    return this.#occupy(new LockEngine({ maxThreads: 1, maxHandOvers: 1_000_000 }));
  }

  /** An engine that leaves its locks to others very often. */
  #newSecond(): LockEngine {
    return this.#occupy(new LockEngine({ maxThreads: 1, maxHandOvers: 2 }));
  }

  #occupy(engine: LockEngine): LockEngine {
    // Ends with the engine.
    if (this.elsewhere !== undefined) engine.lock(this.elsewhere).catch(() => {});
    return engine;
  }
}
