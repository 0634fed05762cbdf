import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Lock } from '../../../src/mod.ts';
import { type RuntimeUse, useRuntime } from '../../../src/runtime/mod.ts';
import { isPartial } from '../../../src/runtime/partial.ts';
import { type Look, lookAtCopy, lookAtSource } from './look.ts';
import { isTooLate, patience, pause, type Role } from './role.ts';
import { sources } from './scene.ts';
import { enter, whoIsIn } from './witness.ts';

/** The longest time for which a runtime is held, in milliseconds. */
const LONGEST = 30;

/** Uses sources and copies, one after the other. */
export async function user(role: Role): Promise<void> {
  while (!role.stop.aborted) {
    await use(role, async ({ lock }, look) => {
      await pause(role, LONGEST);
      look();
      await pause(role, LONGEST);
      return lock;
    });
    await pause(role, LONGEST);
  }
}

/**
 * Takes something into use, and has `hold` hold it; `look` looks whether it is still whole. The lock
 * that it gives back is the last one.
 */
export async function use(
  role: Role,
  hold: (use: RuntimeUse, look: () => void) => Promise<Lock | undefined>,
): Promise<void> {
  const { name, path, copy } = choose(role);
  let found: RuntimeUse;
  try {
    found = await useRuntime(path, patience(role));
  } catch (error) {
    if (!isTooLate(error)) throw error;
    return role.count('refused');
  }
  const leave = enter(role.witness, name, 'shared');
  let last: Lock | undefined;
  try {
    if (isPartial(name)) return role.violation(`${name} was handed out`);
    const wrong: Look = (copy ? lookAtCopy : lookAtSource)(role, found.root);
    const look = (): void => {
      for (const other of whoIsIn(role.witness, name, 'exclusive')) {
        role.violation(`${name} was handed out while it was removed: ${other}`);
      }
      const what = wrong();
      if (what !== undefined) role.violation(`${name} is in use and not whole: ${what}`);
    };
    look();
    last = await hold(found, look);
    look();
    role.count(copy ? 'copies used' : 'sources used');
  } finally {
    leave();
    last?.release();
    found.lock.release();
  }
}

/** Copies as often as sources, and what is not whole among them. */
function choose({ base, parent, random }: Role): { name: string; path: string; copy: boolean } {
  const copies = readdirSync(parent).filter((name) => name.startsWith('tmp-'));
  const copy = copies.length > 0 && random.next() < 0.5;
  const name = random.pick(copy ? copies : [...sources.keys()]);
  return { name, path: join(copy ? parent : base, name), copy };
}
