import { readdirSync, statSync } from 'node:fs';
import { eventually } from '../../support/eventually.ts';
import { kernelLocks } from '../../support/kernel-locks.ts';
import { openFds } from '../../support/open-fds.ts';
import { runtime } from '../../support/runtime.ts';

/** How long after its last task a runtime may keep a thread of its own, in milliseconds. */
const LIMIT = 20_000;

/**
 * What Deno itself loses, one of each with every thread that has loaded native code: its event loop
 * for that. A `Worker` that does nothing but import koffi loses them too. Sockets it opens and closes
 * in its own time, one or two more than before; what waits open is none of these.
 */
const LOST: readonly string[] = runtime === 'deno'
  ? ['anon_inode:[eventpoll]', 'anon_inode:[eventfd]', 'socket']
  : [];

/** What a process has that waits could leave behind. */
export interface Belongings {
  readonly threads: number;
  /** What kind of thing each open descriptor leads to. */
  readonly fds: readonly string[];
}

/** What this process has now. */
export function belongings(): Belongings {
  // socket:[1234] is the same kind as socket:[1235].
  const fds = openFds('').map((fd) => fd.replace(/^\d+ /, '').replace(/:\[\d+\]$/, ''))
    .filter((fd) => !LOST.includes(fd));
  return { threads: readdirSync('/proc/self/task').length, fds };
}

/** Says what this process has more than before, once it had the time to get rid of it. */
export async function leftovers(before: Belongings): Promise<string[]> {
  let found: string[] = [];
  const look = (): boolean => {
    const now = belongings();
    found = [...new Set(now.fds)].flatMap((kind) =>
      more(kind, count(before, kind), count(now, kind))
    );
    found.push(...more('threads', before.threads, now.threads));
    return found.length === 0;
  };
  await eventually('nothing is left', look, LIMIT).catch(() => {});
  return found;
}

function count({ fds }: Belongings, kind: string): number {
  return fds.filter((fd) => fd === kind).length;
}

function more(kind: string, before: number, now: number): string[] {
  return now > before ? [`left: ${now} ${kind}, where ${before} were before`] : [];
}

/** Says which of these files somebody still locks or waits for, as the kernel shows it. */
export function lockedFiles(paths: readonly string[]): string[] {
  const locks = kernelLocks(paths.map((path) => statSync(path).ino));
  return paths.flatMap((path, index) => {
    const { shared, exclusive, waiting } = locks[index]!;
    const found = { shared, exclusive, waiting };
    return shared + exclusive + waiting > 0 ? [`${path} still has ${JSON.stringify(found)}`] : [];
  });
}
