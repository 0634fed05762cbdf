import { setTimeout as sleep } from 'node:timers/promises';
import { hasContainers } from '../../support/container.ts';
import type { Program } from '../../support/process.ts';
import type { Random } from '../../support/random.ts';
import { type Runtime, runtimes } from '../../support/runtime.ts';
import { type Ground, SLOT } from './ground.ts';
import type { Part } from './part.ts';
import { Player, startAide } from './player.ts';
import type { Stamps } from './stamps.ts';

/** What is done to the processes. */
const FATES = ['kill', 'kill', 'kill', 'stop', 'stop', 'kill stopped', 'end', 'exit'] as const;
type Fate = typeof FATES[number];
/** How long a process is left alone first, in milliseconds. */
const YOUTH = 300;
/** The longest stop, in milliseconds. */
const STOP = 400;
/** For so long after the beginning of a slot processes are stopped, and not in the rest of it. */
const STOPS = 2000;

/** How the troupe is put together. */
export interface TroupeOptions {
  readonly ground: Ground;
  readonly kind: Part['kind'];
  readonly stamps: Stamps;
  readonly random: Random;
  /** The longest time between two strokes of fate, in milliseconds. */
  readonly pace: number;
  /** Says that a promise was broken. */
  readonly broken: (what: string) => void;
}

/** All who take part: they are killed, stopped, ended and replaced by others. */
export class Troupe {
  readonly #options: TroupeOptions;
  readonly #players = new Map<Runtime, Player>();
  /** All who have not ended, also those whose place somebody else has taken. */
  readonly #alive = new Set<Player>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #aides: Program[];
  #count = 0;
  readonly #over = new AbortController();

  constructor(options: TroupeOptions) {
    this.#options = options;
    const scripts = ['posix-lockers.py', ...hasContainers ? ['lock-file-containers.py'] : []];
    this.#aides = scripts.map((script) => startAide(script, this.#part('')));
    for (const runtime of runtimes) this.#start(runtime);
  }

  /** Plays with all of them until it is told to {@linkcode Troupe.drain}. */
  async play(): Promise<void> {
    const { random, pace, ground } = this.#options;
    const deck: [Runtime, Fate][] = [];
    while (!this.#over.signal.aborted) {
      if (deck.length === 0) {
        const all = runtimes.flatMap((runtime) => FATES.map((fate) => [runtime, fate] as const));
        deck.push(...random.shuffle(all) as [Runtime, Fate][]);
      }
      await this.#pause(random.next() * pace);
      const mayStop = (Date.now() - ground.epoch) % SLOT < STOPS;
      // Whose turn has not come, is the first one of the next round.
      const next = deck.findIndex(([, fate]) => mayStop || !fate.includes('stop'));
      const [runtime, fate] = deck.splice(Math.max(next, 0), 1)[0]!;
      const player = this.#players.get(runtime)!;
      if (!await player.ready) continue;
      await this.#pause(player.since + YOUTH - performance.now());
      // Whoever is started now would not be told to drain.
      if (player.leaving || this.#over.signal.aborted) continue;
      if (fate === 'stop' || fate === 'kill stopped') await this.#stop(player, fate === 'stop');
      else this.#replace(player, fate);
    }
  }

  /** Has everybody begin nothing new, and waits until all waits have ended by themselves. */
  async drain(): Promise<void> {
    this.#over.abort();
    for (const { child } of this.#aides) child.stdin!.end();
    const players = [...this.#players.values()];
    await Promise.all(players.map(async (player) => {
      if (await player.ready) await player.ask('drain', 'drained');
    }));
  }

  /** Has everybody end who is left. */
  async end(): Promise<void> {
    for (const player of this.#players.values()) this.#leave(player, this.#end(player));
    await Promise.all(this.#leaving);
    for (const aide of this.#aides) {
      const { code } = await aide.ended;
      if (code !== 0) this.#options.broken(`an aide has ended with ${code}: ${aide.stderr()}`);
    }
  }

  /** What the engines of all who are there say about themselves. */
  async tell(): Promise<string[]> {
    const players = [...this.#players.values()].filter(({ leaving }) => !leaving);
    return await Promise.all(players.map((player) => player.tell()));
  }

  /** Ends all at once. */
  async kill(): Promise<void> {
    this.#over.abort();
    const players = [...this.#alive];
    for (const player of players) player.leaving = true;
    const programs = [...players.map(({ program }) => program), ...this.#aides];
    for (const { child } of programs) child.stdin!.end();
    for (const player of players) player.signal('SIGKILL');
    await Promise.all(programs.map(({ ended }) => ended));
  }

  /** Waits for so many milliseconds, or for the end of the play. */
  async #pause(time: number): Promise<void> {
    await sleep(Math.max(0, time), undefined, { signal: this.#over.signal }).catch(() => {});
  }

  #part(who: string): Part {
    const { ground, kind, random } = this.#options;
    return { ground, who, seed: Math.floor(random.next() * 2 ** 32), kind };
  }

  #start(runtime: Runtime): void {
    const part = this.#part(`${runtime[0]}${++this.#count}`);
    const player = new Player(runtime, part, this.#options.broken);
    this.#players.set(runtime, player);
    this.#alive.add(player);
    void player.program.ended.then(() => this.#alive.delete(player));
  }

  /** Another one takes the place of one who leaves. */
  #replace(player: Player, fate: Fate): void {
    if (fate === 'end') this.#leave(player, this.#end(player));
    else if (fate === 'exit') {
      player.leaving = true;
      player.program.send('exit');
      this.#leave(player, player.mustEnd(0));
    } else this.#kill(player);
    this.#start(player.runtime);
  }

  #kill(player: Player): void {
    player.leaving = true;
    this.#options.stamps.write(`K ${player.who}`);
    player.signal('SIGKILL');
    this.#leave(player, player.program.ended.then(() => {}));
  }

  async #stop(player: Player, goesOn: boolean): Promise<void> {
    this.#options.stamps.write(`Z ${player.who}`);
    player.signal('SIGSTOP');
    await sleep(this.#options.random.next() * STOP);
    if (!goesOn && !this.#over.signal.aborted) return this.#replace(player, 'kill');
    player.signal('SIGCONT');
    this.#options.stamps.write(`z ${player.who}`);
  }

  async #end(player: Player): Promise<void> {
    if (!await player.ready || player.leaving) return;
    player.leaving = true;
    if (await player.ask('end', 'ended')) await player.mustEnd(0);
    else this.#options.broken(`${player.runtime} ${player.who} has not ended as it should`);
    this.#options.stamps.write(`X ${player.who}`);
  }

  #leave(player: Player, left: Promise<void>): void {
    const leaving = left.catch((error) => this.#options.broken(`${player.who}: ${error}`))
      .finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }
}
