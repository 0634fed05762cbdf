import { constants } from 'node:os';
import { Failure } from './failure.ts';

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/**
 * Does work that leaves something to be cleaned up. The first signal aborts it, and it rejects when
 * it has cleaned up; a second one ends the program at once, as if nobody had listened.
 *
 * @throws {Failure} 128 + n when signal n ended it; its message ends with `left`, which says what is
 * there then.
 */
export async function interruptible<T>(
  left: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  const stopListening = (): void => {
    for (const name of SIGNALS) process.off(name, interrupt);
  };
  const interrupt = (name: NodeJS.Signals): void => {
    // From now on the kernel ends the program by itself, whatever that is busy with.
    stopListening();
    const status = 128 + constants.signals[name];
    interruption.abort(new Failure(status, `Interrupted by ${name}: ${left}`));
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  try {
    return await work(interruption.signal);
  } finally {
    stopListening();
  }
}
