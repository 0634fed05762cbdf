import { exitLater } from '../linux/exit-later.ts';

/** Something with threads in the kernel that must leave before the process can end. */
export interface Leaving {
  /** Has them leave; tells whether they have. */
  leaveNow(): boolean;
}

/**
 * How long a process lives on after its exit event while a thread is stuck in the kernel, in
 * milliseconds: in that time the other listeners run, and an error is reported that nobody has caught.
 */
const LAST_WORDS = 500;

/**
 * Everything with threads in the kernel that must leave before the process can end.
 *
 * Node waits in `process.exit()` for a worker that sits in `fcntl`, and Bun's main thread
 * freezes when it terminates one, so they are interrupted first. When one does not leave, because a
 * filesystem does not answer, the process is ended from outside of JavaScript. A process that a
 * signal kills ends without this, and needs it not.
 */
class InterruptAtExit {
  readonly #members = new Set<Leaving>();
  #listening = false;
  #cancel: (() => void) | undefined;

  add(member: Leaving): void {
    this.#members.add(member);
    if (this.#listening) return;
    this.#listening = true;
    // First of all: another listener may throw, and the later ones are not called then.
    process.prependListener('exit', this.#interrupt);
    // And once more behind those that may give the process another status.
    process.on('exit', this.#endLater);
  }

  delete(member: Leaving): void {
    this.#members.delete(member);
  }

  readonly #interrupt = (status: number): void => {
    // Every one is asked, also after one that has not left.
    if (Array.from(this.#members, (member) => member.leaveNow()).every(Boolean)) return;
    this.#endIn(status);
    // A test harness may emit the event, and go on.
    setImmediate(() => this.#cancel?.()).unref();
  };

  readonly #endLater = (status: number): void => {
    if (this.#cancel !== undefined) this.#endIn(Number(process.exitCode ?? status));
  };

  #endIn(status: number): void {
    this.#cancel?.();
    const cancel = exitLater(status, LAST_WORDS);
    this.#cancel = () => {
      cancel();
      this.#cancel = undefined;
    };
  }
}

/** The process's only exit listener, however many engines there are. */
export const interruptAtExit: InterruptAtExit = new InterruptAtExit();
