import { inheritOnly, leaveStandardStreams } from '../linux/inherited.ts';
import { acceptSignals, type EndedChild, ignore } from '../linux/program.ts';
import { ignoredSignals, reapChild, startProgram } from '../linux/program.ts';
import type { Command } from './command.ts';

/** The signals that are meant for the command. */
const PASSED_ON = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** A timer that only keeps the program alive: children alone do not. */
const FOREVER = 2 ** 30;

/** How long to wait until a signal that was kept is tried again, in milliseconds. */
const RETRY = 5;

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
  /**
   * Whether the program that was started has become the command, if another one is started first;
   * signals are kept until then, since that one would not treat them as the command does.
   */
  readonly isReady?: (() => boolean) | undefined;
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
 *
 * @throws {LibcUnavailable} where libc cannot be used; nothing was started.
 */
export async function supervise(command: Command, care: Care): Promise<End> {
  // All that will be needed is loaded before the start: hours later, after an upgrade, it may not be
  // there any more.
  const family = care.stay ? await loadFamily() : undefined;
  return await new Promise((resolve, reject) => {
    const supervision = new Supervision(care, family, resolve);
    try {
      supervision.start(command);
    } catch (error) {
      supervision.end();
      reject(error);
    }
  });
}

/** Gives the processes that have come from this one. */
type Family = () => number[];

async function loadFamily(): Promise<Family> {
  const { adoptOrphans } = await import('../linux/kinship.ts');
  const { descendants } = await import('../linux/descendants.ts');
  descendants();
  adoptOrphans();
  return descendants;
}

class Supervision {
  readonly #care: Care;
  readonly #family: Family | undefined;
  readonly #resolve: (end: End) => void;
  readonly #keepAlive = setInterval(() => {}, FOREVER);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pid = 0;
  #end: EndedChild | undefined;
  #killing = false;

  constructor(care: Care, family: Family | undefined, resolve: (end: End) => void) {
    this.#care = care;
    this.#family = family;
    this.#resolve = resolve;
  }

  start(command: Command): void {
    const { fds, kept = [], say } = this.#care;
    const ignored = ignoredSignals();
    // Before the start: a signal in between would end this program and leave the command alone. The
    // listeners run when this call has returned to the event loop, and know the command by then.
    for (const signal of PASSED_ON) {
      if (signal !== 'SIGHUP' || ignored.length === 0) process.on(signal, this.#passOn);
    }
    process.on('SIGCHLD', this.#reap);
    // Deno handles SIGHUP too as soon as anybody listens to any signal.
    for (const signal of ignored) ignore(signal);
    acceptSignals();
    inheritOnly(fds);
    const pid = startProgram(command, ignored);
    if (pid < 0) return this.#finish({ errno: -pid });
    this.#pid = pid;
    say?.(`started pid ${pid}`);
    leaveStandardStreams(say === undefined ? [0, 1, 2] : [0, 1], kept);
    this.#reap();
  }

  readonly #passOn = (signal: NodeJS.Signals): void => {
    // The command may have ended, and be here still only because nobody has taken note of it.
    this.#reap();
    if (this.#end !== undefined) return this.#sendToAll(signal);
    if (this.#care.isReady?.() === false) {
      setTimeout(this.#passOn, RETRY, signal);
      return;
    }
    this.#care.say?.(`passing ${signal} on to pid ${this.#pid}`);
    // Nobody else can have its pid before it is reaped.
    send(this.#pid, signal);
  };

  /** SIGCHLD comes once for any number of children, and for adopted ones too. */
  readonly #reap = (): void => {
    for (let child; (child = reapChild()) !== undefined;) {
      // Without the command's end, somebody else has taken note of it.
      if (child === 'childless') return this.#finish(this.#end ?? UNKNOWN);
      if (child.pid === this.#pid && this.#end === undefined) this.#ended(child);
    }
    // Who was the child of one that was killed is ours now.
    if (this.#killing) this.#sendToAll('SIGKILL');
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
    this.#sendToAll('SIGTERM');
  };

  readonly #kill = (): void => {
    this.#killing = true;
    this.#sendToAll('SIGKILL');
  };

  #sendToAll(signal: NodeJS.Signals): void {
    const all = this.#family?.() ?? [];
    if (all.length > 0) this.#care.say?.(`sending ${signal} to pid ${all.join(', ')}`);
    for (const pid of all) {
      send(pid, signal);
      // What is stopped gets a signal only when it goes on.
      if (signal === 'SIGTERM') send(pid, 'SIGCONT');
    }
  }

  #finish(end: End): void {
    this.end();
    this.#resolve(end);
  }

  /** Listens no longer, and keeps nothing alive. */
  end(): void {
    clearInterval(this.#keepAlive);
    clearTimeout(this.#timer);
    for (const signal of PASSED_ON) process.off(signal, this.#passOn);
    process.off('SIGCHLD', this.#reap);
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended, or has become another user's.
  }
}
