import { join } from 'node:path';
import type { LockError } from '../../../src/mod.ts';
import { collectGarbage, type GarbageReport, removeRuntime } from '../../../src/runtime/mod.ts';
import { isTooLate, pause, type Role } from './role.ts';
import { COPIES, layOut, sources } from './scene.ts';
import { enter, whoIsIn } from './witness.ts';

/** The longest pause, in milliseconds: copies need time to be used. */
const LONGEST = 60;
/** The parts of its work that are for sources, and for what others have left of sources. */
const REMOVALS = 0.4;
const OF_BASE = 0.1;

/** Collects copies, removes sources, and lays those out anew. */
export async function collector(role: Role): Promise<void> {
  while (!role.stop.aborted) {
    const kind = role.random.next();
    if (kind < REMOVALS) await remove(role);
    else if (kind < REMOVALS + OF_BASE) check(role, await collectGarbage(role.base));
    else await collect(role);
    await pause(role, LONGEST);
  }
}

/** Whether there has been a copy, and so a lock file, when this process has looked. */
let hasCopies = false;

async function collect(role: Role): Promise<void> {
  const { parent, random, witness } = role;
  let leave: (() => void) | undefined;
  try {
    const report = await collectGarbage(parent, {
      whenBusy: random.pick(['skip', 'wait']),
      timeout: 1000,
      // Called first and last while it has the directory for itself.
      onProgress: ({ done, total }) => {
        leave ??= alone(role);
        if (done === total) leave = void leave();
      },
    });
    hasCopies = true;
    if (report.busy !== undefined) return role.count('busy');
    role.count('collections');
    for (const { name } of report.deleted) {
      role.count('copies deleted');
      for (const other of whoIsIn(witness, name, 'shared')) {
        role.violation(`${name} was deleted while it was in use: ${other}`);
      }
    }
    check(role, report);
  } catch (error) {
    if (!hasCopies && (error as LockError).code === 'ERR_NOT_COPIES') {
      return role.count('too early');
    }
    if (!isTooLate(error)) throw error;
    role.count('busy');
  } finally {
    leave?.();
  }
}

function check(role: Role, { kept }: GarbageReport): void {
  for (const { name, why, message } of kept) {
    if (why === 'failed' || why === 'cannot-lock') role.violation(`${name}: ${message}`);
  }
}

function alone(role: Role): () => void {
  const leave = enter(role.witness, COPIES, 'exclusive');
  const others = (['shared', 'exclusive'] as const)
    .flatMap((mode) => whoIsIn(role.witness, COPIES, mode));
  // One of them is our own.
  if (others.length > 1) role.violation(`a collection was not alone: ${others.join(', ')}`);
  return leave;
}

async function remove(role: Role): Promise<void> {
  const { base, random, witness } = role;
  const name = random.pick([...sources.keys()]);
  const path = join(base, name);
  try {
    const whenBusy = random.pick(['skip', 'wait'] as const);
    const { removed, remains } = await removeRuntime(path, { whenBusy, timeout: 200 });
    if (remains !== undefined) role.violation(`${name}: ${JSON.stringify(remains)}`);
    if (!removed) return role.count('busy');
  } catch (error) {
    if (!isTooLate(error)) throw error;
    return role.count('busy');
  }
  // Until we lay it out anew it is not there, so nobody can be in.
  const leave = enter(witness, name, 'exclusive');
  for (const other of whoIsIn(witness, name, 'shared')) {
    role.violation(`${name} was removed while it was in use: ${other}`);
  }
  await pause(role, 5);
  leave();
  layOut(role, name);
  role.count('sources removed');
}
