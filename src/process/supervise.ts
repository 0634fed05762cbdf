import { inheritOnly, leaveStandardStreams } from '../linux/inherited.ts';
import { acceptSignals, type EndedChild, ignore } from '../linux/program.ts';
import { reapChild, startProgram } from '../linux/program.ts';
import type { Command } from './command.ts';
import { ignoredSignals } from './hangup.ts';

/** The signals that are meant for the command. */
const PASSED_ON = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** A timer that only keeps the program alive: children alone do not. */
const FOREVER = 2 ** 30;

const UNKNOWN = { code: undefined, signal: undefined };

/** How a command is looked after. */
export interface Care {
  /** The descriptors that it inherits beside its standard streams. */
  readonly fds: readonly number[];
  /** The descriptors that stay open here, whatever they are. */
  readonly kept?: readonly number[];
  /** Whether to stay until all that it leaves behind has ended. */
  readonly stay: boolean;
  /**
   * After how many milliseconds what is left behind is told to end, and how long it has for that
   * before it is killed. Without, nobody is told.
   */
  readonly terminate?: { readonly after: number; readonly grace: number } | undefined;
  /** Is told what happens; stderr stays open then. */
  readonly say?: ((text: string) => void) | undefined;
}

/** How a command has ended, or the `errno` for which it could not be started. */
export type End = Pick<EndedChild, 'code' | 'signal'> | { readonly errno: number };

/**
 * Starts a command and waits for its end, passing signals on to it. Afterwards, if it is to stay,
 * it waits for all descendants, and passes signals on to them.
 *
 * The command has its standard streams for itself: from its start on this program has none.
 */
export async function supervise(command: Command, care: Care): Promise<End> {
  if (care.stay) (await import('../linux/kinship.ts')).adoptOrphans();
  return await new Promise((resolve) => new Supervision(care, resolve).start(command));
}

class Supervision {
  readonly #care: Care;
  readonly #resolve: (end: End) => void;
  readonly #keepAlive = setInterval(() => {}, FOREVER);
  readonly #ignored = ignoredSignals();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pid = 0;
  #end: EndedChild | undefined;
  #killing = false;

  constructor(care: Care, resolve: (end: End) => void) {
    this.#care = care;
    this.#resolve = resolve;
  }

  start(command: Command): void {
    const { fds, kept = [], say } = this.#care;
    // Before the start: a signal in between would end this program and leave the command alone. The
    // listeners run when this call has returned to the event loop, and know the command by then.
    for (const signal of PASSED_ON) {
      if (signal !== 'SIGHUP' || this.#ignored.length === 0) process.on(signal, this.#passOn);
    }
    process.on('SIGCHLD', this.#reap);
    // Deno handles SIGHUP too as soon as anybody listens to any signal.
    for (const signal of this.#ignored) ignore(signal);
    acceptSignals();
    inheritOnly(fds);
    const pid = startProgram(command, this.#ignored);
    if (pid < 0) return this.#finish({ errno: -pid });
    this.#pid = pid;
    say?.(`started pid ${pid}`);
    leaveStandardStreams(say === undefined ? [0, 1, 2] : [0, 1], kept);
    this.#reap();
  }

  readonly #passOn = (signal: NodeJS.Signals): void => {
    if (this.#end === undefined) {
      this.#care.say?.(`passing ${signal} on to pid ${this.#pid}`);
      // It may have ended, but nobody else can have its pid before it is reaped.
      return send(this.#pid, signal);
    }
    void this.#sendToAll(signal);
  };

  /** SIGCHLD comes once for any number of children, and for adopted ones too. */
  readonly #reap = (): void => {
    for (let child; (child = reapChild()) !== undefined;) {
      // Without the command's end, somebody else has taken note of it.
      if (child === 'childless') return this.#finish(this.#end ?? UNKNOWN);
      if (child.pid === this.#pid && this.#end === undefined) this.#ended(child);
    }
    // Who was the child of one that was killed is ours now.
    if (this.#killing) void this.#sendToAll('SIGKILL');
  };

  #ended(child: EndedChild): void {
    const { stay, terminate, say } = this.#care;
    const { pid, code, signal } = child;
    say?.(`pid ${pid} has ended with ${signal === undefined ? code : `signal ${signal}`}`);
    this.#end = child;
    if (!stay) return this.#finish(child);
    if (terminate === undefined) return;
    if (terminate.after > 0) this.#timer = setTimeout(this.#terminate, terminate.after);
    else this.#terminate();
  }

  readonly #terminate = (): void => {
    const { grace } = this.#care.terminate!;
    if (grace === 0) return this.#kill();
    this.#timer = setTimeout(this.#kill, grace);
    void this.#sendToAll('SIGTERM');
  };

  readonly #kill = (): void => {
    this.#killing = true;
    void this.#sendToAll('SIGKILL');
  };

  async #sendToAll(signal: NodeJS.Signals): Promise<void> {
    // Loaded when it is needed: most commands leave nothing behind.
    const { descendantsOf } = await import('../linux/descendants.ts');
    const all = descendantsOf(process.pid);
    if (all.length > 0) this.#care.say?.(`sending ${signal} to pid ${all.join(', ')}`);
    for (const pid of all) {
      send(pid, signal);
      // What is stopped gets a signal only when it goes on.
      if (signal === 'SIGTERM') send(pid, 'SIGCONT');
    }
  }

  #finish(end: End): void {
    clearInterval(this.#keepAlive);
    clearTimeout(this.#timer);
    for (const signal of PASSED_ON) process.off(signal, this.#passOn);
    process.off('SIGCHLD', this.#reap);
    this.#resolve(end);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended, or has become another user's.
  }
}
