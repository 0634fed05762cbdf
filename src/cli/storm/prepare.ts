import { mkdirSync, readFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { quote } from '../../lock/printable.ts';
import { tryLock } from '../../mod.ts';
import { findRuntime } from '../../runtime/find-runtime.ts';
import { collectGarbage, createCopy } from '../../runtime/mod.ts';
import { Failure, UNAVAILABLE } from '../failure.ts';
import { chooseContainers, type Containers } from './container.ts';
import type { StormOrder } from './messages.ts';
import { sampleProgram } from './sample-program.ts';
import { layOut, makeTemplate, PROGRAM, STAMP, type StormRuntime } from './tree.ts';
import { COPIES, makeWitness } from './witness.ts';

/** What lies ready for a storm. */
export interface Ground extends Omit<StormOrder, 'container' | 'launchers' | 'collectors'> {
  readonly containers: Containers;
}

/**
 * Lays out everything that a storm needs in an empty directory: sample runtimes, or copies of the
 * user's and that one itself, which is used where it is.
 */
export async function prepare(
  directory: string,
  count: number,
  userRuntime: string | undefined,
): Promise<Ground> {
  const program = sampleProgram();
  if (program === undefined) {
    throw new Failure(UNAVAILABLE, `Cannot launch anything: no sample program for ${process.arch}`);
  }
  const below = (name: string): string => join(directory, name);
  const [template, aside, copies] = [below('template'), below('aside'), below('copies')];
  const [witness, home] = [below('witness'), below('runtimes')];
  for (const path of [aside, copies, witness, home]) mkdirSync(path);
  const own = userRuntime === undefined ? undefined : await useInPlace(userRuntime, directory);
  await makeTemplate(template, program, own?.root);
  const runtimes: StormRuntime[] = [];
  for (let number = 1; number <= count; number++) {
    const name = `runtime-${number}`;
    const root = join(home, name);
    const runtime: StormRuntime = {
      name,
      path: root,
      root,
      ref: join(root, '.ref'),
      layout: own?.layout ?? 'usr',
      program: join(root, PROGRAM),
      stamp: STAMP,
      removable: true,
    };
    await layOut(template, aside, runtime);
    runtimes.push(runtime);
  }
  const containers = await tryOut(runtimes[0]!, directory);
  const copyEntries = await tryCopy(runtimes[0]!, copies);
  if (own !== undefined) runtimes.push({ ...own, program: join(template, PROGRAM) });
  for (const name of [...runtimes.map(({ name }) => name), COPIES]) makeWitness(witness, name);
  return { runtimes, template, aside, copies, copyEntries, witness, containers };
}

async function useInPlace(path: string, directory: string): Promise<StormRuntime> {
  const { root, ref, layout } = findRuntime(path);
  if (!relative(await realpath(root), await realpath(directory)).startsWith('..')) {
    throw new Failure(
      UNAVAILABLE,
      `Cannot copy ${quote(root)}: ${quote(directory)} is inside of it`,
    );
  }
  // Its copies lie there without the deployment around them, and must be taken for the same.
  if (findRuntime(root).root !== root) {
    throw new Failure(
      UNAVAILABLE,
      `Cannot copy ${quote(root)}: the "files" in it would be taken for the runtime`,
    );
  }
  // As a launcher would; a `.ref` that is there already may be on a read-only filesystem.
  try {
    tryLock(ref, { mode: 'shared' })?.release();
  } catch {
    tryLock(ref, { mode: 'shared', create: true })?.release();
  }
  return { name: 'own', path, root, ref, layout, program: '', stamp: '.ref', removable: false };
}

async function tryOut(runtime: StormRuntime, directory: string): Promise<Containers> {
  const id = readFileSync(join(runtime.root, STAMP), 'utf8');
  try {
    return await chooseContainers(runtime, id);
  } catch (error) {
    throw new Failure(
      UNAVAILABLE,
      `Cannot run programs in ${quote(directory)}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/**
 * Makes a copy and collects it, to learn how many entries each must have: all runtimes have the
 * same. Where that cannot be done, the launches will say so.
 */
async function tryCopy({ path }: StormRuntime, copies: string): Promise<number | undefined> {
  try {
    const { entries, lock } = await createCopy(path, copies);
    lock.release();
    await collectGarbage(copies);
    return entries;
  } catch {
    return undefined;
  }
}
