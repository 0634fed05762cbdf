import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnLocked } from '../../../src/mod.ts';
import type { Lane } from './lane.ts';
import type { Hold } from './witness.ts';

/** Lives until its stdin ends, which it does too when its parent has been killed. */
const SCRIPT = 'exec 9>>"$1"; printf "%-63s\\n" "J $2 $3" >&9; read -r line; ' +
  'printf "%-63s\\n" "G $2 $3" >&9';
/** The longest life of a child, in milliseconds. */
const LONGEST = 120;

let count = 0;

/** A child that goes on with a lock, and writes that down itself. */
export class Heir {
  readonly #lane: Lane;
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;

  constructor(lane: Lane, hold: Hold) {
    const { who, stamps, broken } = lane.witness;
    this.#lane = lane;
    this.#name = `${who}/${++count}`;
    const args = ['-c', SCRIPT, 'sh', stamps.path, this.#name, hold.key];
    this.#child = spawnLocked(hold.lock, 'sh', args, { stdio: ['pipe', 'ignore', 'inherit'] });
    this.#child.stdin!.on('error', () => {});
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) => {
        broken(`no child: ${error}`);
        resolve();
      });
      this.#child.on('close', () => resolve());
    });
    hold.inherited(this.#name, this.#child);
  }

  /** Lets it live for a while, and ends it by a kill or by the end of its stdin. */
  async end(): Promise<void> {
    const { random, witness } = this.#lane;
    await sleep(random.next() * LONGEST);
    const { pid, stdin } = this.#child;
    if (random.next() < 0.75 && pid !== undefined) {
      witness.stamps.write(`K ${this.#name}`);
      // Not `child.kill()`: on Deno it invents the end that it expects.
      process.kill(pid, 'SIGKILL');
    }
    stdin!.end();
    await this.#ended;
  }
}
