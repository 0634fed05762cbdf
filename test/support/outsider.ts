import type { LockMode, LockRange } from '../../src/mod.ts';
import { start } from './process.ts';
import { root } from './runtime.ts';

/** What to lock, or to look at. */
export interface Bytes {
  readonly path: string;
  readonly mode: LockMode;
  readonly range: LockRange;
}

/** A process in Python that can have many locks at a time, and sees everybody's. */
export interface Outsider {
  /** Takes a lock if it is free, and gives its number. */
  take(bytes: Bytes): Promise<string | 'busy'>;
  /** Gives a lock back by `unlock`, which leaves its descriptor open, or by `close`. */
  drop(lock: string, how: 'unlock' | 'close'): Promise<void>;
  /** Tells for each whether it is `free`, or one lock in the way: its mode, start and length. */
  probe(all: readonly Bytes[]): Promise<string[]>;
  /** Ends it, and with it all its locks. */
  end(): Promise<void>;
}

/** Starts one. */
export async function startOutsider(): Promise<Outsider> {
  const program = start(['python3', `${root}/test/fixtures/outsider.py`]);
  const answer = async (): Promise<string> => {
    const line = await program.line();
    if (line === undefined) throw new Error(`outsider.py has ended: ${program.stderr()}`);
    return line;
  };
  const ask = (command: string): Promise<string> => {
    program.send(command);
    return answer();
  };
  const words = ({ path, mode, range }: Bytes): string =>
    `${path} ${mode} ${range.start} ${range.length}`;
  await answer();
  return {
    take: (bytes) => ask(`take ${words(bytes)}`),
    drop: async (lock, how) => void await ask(`${how} ${lock}`),
    probe: (all) => {
      program.send(all.map((bytes) => `probe ${words(bytes)}`).join('\n'));
      return Promise.all(all.map(answer));
    },
    end: async () => {
      program.child.stdin!.end();
      await program.ended;
    },
  };
}
