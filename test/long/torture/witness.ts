import { statSync } from 'node:fs';
import type { ChildProcess } from 'node:child_process';
import type { Lock, LockEngine, WaitOptions } from '../../../src/mod.ts';
import { type Bytes, type Ground, pathOf, spell } from './ground.ts';

/** Where records go. */
export interface Records {
  /** The file that they are appended to. */
  readonly path: string;
  write(record: string): void;
}

/** How a lock was got: by a try, at once, or after a wait. */
export type How = 'try' | 'lock' | 'wait';

/** Writes down what one process does. */
export class Witness {
  readonly ground: Ground;
  readonly who: string;
  readonly stamps: Records;
  /** Says that a promise was broken. */
  readonly broken: (what: string) => void;
  #count = 0;

  constructor(ground: Ground, who: string, stamps: Records, broken: (what: string) => void) {
    this.ground = ground;
    this.who = who;
    this.stamps = stamps;
    this.broken = broken;
  }

  /** A name for something of this process. */
  newKey(): string {
    return `${this.who}:${++this.#count}`;
  }

  /** Somebody waits; to be ended by {@linkcode waited}. */
  waits(file: number, bytes: Bytes, own = ''): string {
    const wait = this.newKey();
    this.stamps.write(`W ${wait} ${file} ${spell(bytes)} ${own}`);
    return wait;
  }

  /** A wait is over. */
  waited(wait: string | undefined, how: string): void {
    if (wait !== undefined) this.stamps.write(`w ${wait} ${how}`);
  }
}

/** A lock that is held, and all that is done with it: each deed with its record before or after. */
export class Hold {
  readonly file: number;
  readonly key: string;
  readonly #witness: Witness;
  #lock: Lock;
  readonly #inode: number;
  #replaced = false;

  constructor(witness: Witness, lock: Lock, file: number, how: How) {
    this.#witness = witness;
    this.#lock = lock;
    this.file = file;
    this.key = witness.newKey();
    // Asked by the path of the descriptor, which every runtime's `node:fs` can.
    this.#inode = statSync(`/proc/self/fd/${lock.fd}`).ino;
    witness.stamps.write(`B ${this.key} ${how} ${file} ${this.#inode} ${spell(lock)}`);
    this.#look('granted');
  }

  get lock(): Lock {
    return this.#lock;
  }

  get bytes(): Bytes {
    const { mode, range } = this.#lock;
    return { mode, range };
  }

  /** What is locked whole and exclusive may be replaced: no later grant may be on what it was. */
  replaced(how: 'renamed' | 'deleted'): void {
    this.#replaced = true;
    this.#witness.stamps.write(`R ${this.key} ${how}`);
  }

  downgrade(): void {
    this.#witness.stamps.write(`D ${this.key}`);
    this.#lock.downgrade();
  }

  tryUpgrade(): void {
    if (this.#lock.tryUpgrade()) this.#witness.stamps.write(`U ${this.key}`);
  }

  async upgrade(options: WaitOptions): Promise<void> {
    let wait: string | undefined;
    const onWait = (): void => {
      wait = this.#witness.waits(this.file, { ...this.bytes, mode: 'exclusive' }, this.key);
    };
    try {
      await this.#lock.upgrade({ ...options, onWait });
      // It may have been released between the grant and its news.
      if (!this.#lock.released) this.#witness.stamps.write(`U ${this.key}`);
      this.#witness.waited(wait, 'granted');
    } catch (error) {
      this.#witness.waited(wait, 'upgrade-given-up');
      throw error;
    }
  }

  /** Gives the descriptor to another engine, and goes on. */
  moveTo(other: LockEngine): void {
    const { mode, range } = this.#lock;
    this.#lock = other.adoptLock(this.#lock.detach(), { mode, range });
  }

  /** A child has it as well from now on. */
  inherited(child: string, { pid }: ChildProcess): void {
    if (pid !== undefined) this.#witness.stamps.write(`S ${this.key} ${child}`);
  }

  release(): void {
    this.#look('held');
    this.#witness.stamps.write(`E ${this.key}`);
    this.#lock.release();
  }

  /** Nobody can replace a file that somebody else has locked: so the path must lead to it. */
  #look(state: string): void {
    if (this.#replaced) return;
    const path = pathOf(this.#witness.ground, this.file);
    const found = statSync(path, { throwIfNoEntry: false })?.ino;
    if (found === this.#inode) return;
    const what = found === undefined ? 'nothing' : `inode ${found}`;
    this.#witness.broken(
      `another file: ${this.key} was ${state} on inode ${this.#inode} of file ${this.file}, ` +
        `where there is ${what}`,
    );
  }
}
