import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createCopy, type MutableCopy, useRuntime } from '../../../src/runtime/mod.ts';
import { lookAtCopy } from './look.ts';
import { isTooLate, patience, pause, type Role } from './role.ts';
import { COPIES, sources } from './scene.ts';
import { enter, whoIsIn } from './witness.ts';

/** The longest time for which a copy is held, in milliseconds. */
const LONGEST = 60;
/** One in so many copies is left with an entry `keep`, and taken into use again. */
const KEPT_EVERY = 3;
/** How long the look of a collector at a copy that is to be kept may last, in milliseconds. */
const PATIENCE = 10_000;

/** Makes copies, holds them for a while and leaves them to the collectors. */
export async function copier(role: Role): Promise<void> {
  for (let number = 0; !role.stop.aborted;) {
    const copy = await make(role);
    if (copy !== undefined) await hold(role, copy, number++ % KEPT_EVERY === 0);
    await pause(role, LONGEST);
  }
}

async function make(role: Role): Promise<MutableCopy | undefined> {
  const { base, parent, witness, random } = role;
  try {
    return await createCopy(join(base, random.pick([...sources.keys()])), parent, {
      ...patience(role),
      // Called while copies may be made, and so nobody may collect any.
      onProgress: () => {
        const leave = enter(witness, COPIES, 'shared');
        for (const other of whoIsIn(witness, COPIES, 'exclusive')) {
          role.violation(`a copy was made during a collection: ${other}`);
        }
        leave();
      },
    });
  } catch (error) {
    if (!isTooLate(error)) throw error;
    role.count('refused');
    return undefined;
  }
}

async function hold(role: Role, { path, lock }: MutableCopy, keep: boolean): Promise<void> {
  const name = basename(path);
  const wrong = lookAtCopy(role, path);
  const look = (when: string): void => {
    const what = wrong();
    if (what !== undefined) role.violation(`${name} is not whole ${when}: ${what}`);
  };
  const leave = enter(role.witness, name, 'shared');
  look('when it has been made');
  await pause(role, LONGEST);
  look('while it is held');
  role.count('copies made');
  if (keep) writeFileSync(join(path, 'keep'), '');
  leave();
  lock.release();
  if (!keep) return;
  await pause(role, LONGEST);
  const again = await useRuntime(path, { whenBusy: 'wait', timeout: PATIENCE });
  look('though it was to be kept');
  rmSync(join(path, 'keep'));
  again.lock.release();
  role.count('copies kept');
}
