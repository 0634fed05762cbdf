import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { kernelLocks } from '../../support/kernel-locks.ts';
import { startOutsider } from '../../support/outsider.ts';
import { type Ground, pathOf } from './ground.ts';

/** How often is looked whether locks are gone, in milliseconds. */
const AGAIN = 50;

/** While all processes live and say that they hold nothing, a stranger must get every lock. */
export async function notFree(ground: Ground, limit: number): Promise<string[]> {
  const outsider = await startOutsider();
  const present = new Set(readdirSync(ground.directory));
  const paths = Array.from({ length: ground.files }, (_, file) => pathOf(ground, file))
    .filter((path) => present.has(path.slice(ground.directory.length + 1)));
  const range = { start: 0, length: 0 };
  const bytes = paths.map((path) => ({ path, mode: 'exclusive', range }) as const);
  let found: string[] = [];
  const end = performance.now() + limit;
  for (;;) {
    found = await outsider.probe(bytes);
    if (performance.now() > end || found.every((one) => one === 'free')) break;
    await sleep(AGAIN);
  }
  await outsider.end();
  return found.flatMap((one, index) =>
    one === 'free' ? [] : [`left: ${paths[index]} has a lock that nobody says to have: ${one}`]
  );
}

/** When all have gone, the kernel must know of no lock. */
export async function stillLocked({ directory }: Ground, limit: number): Promise<string[]> {
  const names = readdirSync(directory);
  const inodes = names.map((name) => statSync(join(directory, name)).ino);
  let left: string[] = [];
  for (const end = performance.now() + limit; performance.now() < end; await sleep(AGAIN)) {
    left = kernelLocks(inodes).flatMap((locks, index) =>
      locks.shared + locks.exclusive + locks.waiting === 0
        ? []
        : [`left: ${names[index]} has ${JSON.stringify(locks)} when all have gone`]
    );
    if (left.length === 0) break;
  }
  return left;
}
