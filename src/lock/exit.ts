/**
 * Everything with threads in the kernel that must leave before the process can end.
 *
 * Node waits in `process.exit()` for a worker that sits in `fcntl`, and Bun's main thread
 * freezes when it terminates one, so they are interrupted first. A process that a signal kills
 * ends without this, and needs it not.
 */
class InterruptAtExit {
  readonly #members = new Set<{ leaveNow(): void }>();
  #listening = false;

  add(member: { leaveNow(): void }): void {
    this.#members.add(member);
    if (this.#listening) return;
    this.#listening = true;
    // First of all: another listener may throw, and the later ones are not called then.
    process.prependListener('exit', this.#interrupt);
  }

  delete(member: { leaveNow(): void }): void {
    this.#members.delete(member);
  }

  readonly #interrupt = (): void => {
    for (const member of this.#members) member.leaveNow();
  };
}

/** The process's only exit listener, however many engines there are. */
export const interruptAtExit: InterruptAtExit = new InterruptAtExit();
