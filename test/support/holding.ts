import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { container, hasContainers } from './container.ts';
import { eventually } from './eventually.ts';
import { startLocker } from './locker.ts';
import { type Program, start } from './process.ts';

/** Other programs that can hold a lock. */
export type Holding = 'bwrap' | 'posix' | 'ofd';

/** Which of them there are here; bwrap holds shared locks only. */
export function holdersFor(mode: 'shared' | 'exclusive'): Holding[] {
  return mode === 'shared' && hasContainers ? ['bwrap', 'posix', 'ofd'] : ['posix', 'ofd'];
}

/** A program that holds a lock. */
export interface Held {
  readonly program: Program;
  end(): Promise<void>;
}

/** Has another program lock a file, which is made if it is missing; returns when it has. */
export async function holdBy(
  who: Holding,
  path: string,
  mode: 'shared' | 'exclusive',
): Promise<Held> {
  writeFileSync(path, '', { flag: 'a' });
  if (who === 'bwrap') return await holdByBwrap(path);
  const locker = await startLocker(who, path);
  const answer = await locker.try(mode);
  if (answer !== 'ok') throw new Error(`${path} is ${answer}`);
  return locker;
}

async function holdByBwrap(path: string): Promise<Held> {
  const program = start([...container, '--unshare-pid', '--lock-file', path, 'cat']);
  // It may start its command before its pid 1 has taken the lock.
  await eventually(`a lock of bwrap on ${path}${program.stderr()}`, () => isLocked(path));
  return {
    program,
    end: async () => {
      program.child.stdin!.end();
      await program.ended;
    },
  };
}

/** Whether the kernel shows anybody's lock on the file. */
export function isLocked(path: string): boolean {
  const inode = statSync(path).ino;
  return new RegExp(`^\\d+: (?!->).*:${inode} `, 'm').test(readFileSync('/proc/locks', 'utf8'));
}
