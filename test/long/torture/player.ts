import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Program, start } from '../../support/process.ts';
import { root, type Runtime, scriptCommand } from '../../support/runtime.ts';
import type { Part } from './part.ts';

/** How long a process may take to answer, or to end, in milliseconds: starts are slow in a crowd. */
const LIMIT = 40_000;

/** A process of a JavaScript runtime that takes part. */
export class Player {
  readonly who: string;
  readonly runtime: Runtime;
  readonly program: Program;
  /** Resolves when it has begun; `false` if it has ended before. */
  readonly ready: Promise<boolean>;
  /** When it was started, by `performance.now()`. */
  readonly since = performance.now();
  readonly #broken: (what: string) => void;
  readonly #answers = new Map<string, () => void>();
  #told: (figures: string) => void = () => {};
  /** Whether it is to end, or has ended: nothing more is to be done to it. */
  leaving = false;

  constructor(runtime: Runtime, part: Part, broken: (what: string) => void) {
    this.who = part.who;
    this.runtime = runtime;
    this.#broken = broken;
    const command = scriptCommand('test/long/torture/worker.ts', undefined, runtime);
    // Who is killed leaves its own files behind.
    const env = { ...process.env, TMPDIR: part.ground.temp };
    this.program = start([...command, JSON.stringify(part)], { env });
    this.ready = this.#answer('ready');
    void this.#read();
    void this.program.ended.then(({ code, signal }) => {
      if (!this.leaving) this.#say(`has ended with ${signal ?? code}: ${this.program.stderr()}`);
      this.leaving = true;
    });
  }

  /** Tells it something, and waits for its answer; `false` if it has none. */
  async ask(word: string, answer: string): Promise<boolean> {
    const answered = this.#answer(answer);
    this.program.send(word);
    return await answered;
  }

  /** The figures of its engines, if it has the time. */
  async tell(): Promise<string> {
    this.program.send('tell');
    const told = new Promise<string>((resolve) => this.#told = resolve);
    return `${this.who}: ${await Promise.race([told, sleep(1000, 'no answer')])}`;
  }

  /** Waits until it has ended with this exit status. */
  async mustEnd(status: number): Promise<void> {
    const ended = await before(this.program.ended);
    if (ended === undefined) {
      this.#say('does not end');
      this.signal('SIGKILL');
    } else if (ended.code !== status) {
      this.#say(`has ended with ${ended.signal ?? ended.code}: ${this.program.stderr()}`);
    }
  }

  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    const { pid, exitCode, signalCode } = this.program.child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(pid, signal);
  }

  async #read(): Promise<void> {
    for (let line; (line = await this.program.line()) !== undefined;) {
      if (line.startsWith('broken ')) this.#say(line.slice('broken '.length));
      else if (line.startsWith('told ')) this.#told(line.slice('told '.length));
      else this.#answers.get(line)?.();
    }
  }

  async #answer(answer: string): Promise<boolean> {
    const come = new Promise<boolean>((resolve) => {
      this.#answers.set(answer, () => resolve(true));
      void this.program.ended.then(() => resolve(false));
    });
    const answered = await before(come);
    if (answered === undefined) this.#say(`is not ${answer}`);
    return answered ?? false;
  }

  #say(what: string): void {
    this.#broken(`${this.runtime} ${this.who} ${what}`);
  }
}

/** A process in Python that takes part until its stdin ends. */
export function startAide(script: string, part: Part): Program {
  const { ground, seed } = part;
  return start(['python3', `${root}/test/fixtures/${script}`, JSON.stringify({ ...ground, seed })]);
}

async function before<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout>;
  const late = new Promise<undefined>((resolve) => timer = setTimeout(resolve, LIMIT, undefined));
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
