import { type Program, start } from './process.ts';
import { root } from './runtime.ts';

/** A program in Python that locks one file, with the kernel's calls and nothing of this project. */
export interface Locker {
  readonly program: Program;
  /** Takes the lock if it is free. */
  try(mode: 'shared' | 'exclusive'): Promise<'ok' | 'busy'>;
  /** Takes the lock, blocking. */
  wait(mode: 'shared' | 'exclusive'): Promise<'ok'>;
  /** Gives it back by `F_UNLCK`. */
  unlock(): Promise<void>;
  /** Ends the program, and with it the lock. */
  end(): Promise<void>;
}

/** Starts a locker for open-file-description (`ofd`) or process-associated (`posix`) locks. */
export async function startLocker(
  kind: 'ofd' | 'posix',
  path: string,
  access: 'read' | 'both' = 'both',
): Promise<Locker> {
  const program = start(['python3', `${root}/test/fixtures/locker.py`, kind, path, access]);
  const ask = async (command: string): Promise<string> => {
    program.send(command);
    const answer = await program.line();
    if (answer === undefined) throw new Error(`locker.py has ended: ${program.stderr()}`);
    return answer;
  };
  if (await program.line() !== 'ready') throw new Error(`no locker: ${program.stderr()}`);
  return {
    program,
    try: (mode) => ask(`try ${mode}`) as Promise<'ok' | 'busy'>,
    wait: (mode) => ask(`wait ${mode}`) as Promise<'ok'>,
    unlock: async () => void await ask('unlock'),
    end: async () => {
      program.child.stdin!.end();
      await program.ended;
    },
  };
}
