import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { LockError } from '../../../src/mod.ts';
import { collectGarbage, useRuntime } from '../../../src/runtime/mod.ts';
import { isPartial } from '../../../src/runtime/partial.ts';
import { difference, type Manifest, manifest } from '../../support/manifest.ts';
import { removeTree } from '../../support/sample-runtime.ts';
import { entriesOf, type Ground } from './ground.ts';
import type { Task } from './operation.ts';

/**
 * Looks at everything that a kill has left, has it collected once, and looks again. Gives the
 * promises that are broken, a line each.
 */
export async function inspect(ground: Ground, task: Task): Promise<string[]> {
  const broken = [
    ...bystanders(ground),
    ...await uses(ground, task),
    ...await collection(ground, task),
    ...bystanders(ground),
  ];
  return [...new Set(broken)];
}

/** Whatever is in use or to be kept, and the source, must be as it was. */
function bystanders(ground: Ground): string[] {
  return [...ground.bystanders].flatMap(([path, expected]) => {
    const wrong = existsSync(path) ? difference(expected, manifest(path)) : 'it is gone';
    return wrong === undefined ? [] : [`${path} was not to be touched: ${wrong}`];
  });
}

/** What can be used must be whole, and what is not whole must be refused. */
async function uses(ground: Ground, task: Task): Promise<string[]> {
  const broken: string[] = [];
  for (const path of ground.places.flatMap(entriesOf)) {
    const expected = isPartial(basename(path))
      ? 'no runtime'
      : ground.bystanders.get(path) ?? task.prey.get(path) ?? task.makes;
    const wrong = await use(path, expected);
    if (wrong !== undefined) broken.push(`${path} ${wrong}`);
  }
  return broken;
}

async function use(
  path: string,
  expected: Manifest | 'no runtime' | undefined,
): Promise<string | undefined> {
  try {
    const { lock } = await useRuntime(path);
    try {
      if (expected === undefined) return 'has come from nowhere';
      if (expected === 'no runtime') return 'was handed out, though it is no whole runtime';
      const wrong = difference(expected, manifest(path));
      return wrong && `was handed out, though it is not whole: ${wrong}`;
    } finally {
      lock.release();
    }
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    const refused = expected === 'no runtime' && error.code === 'ERR_NOT_A_RUNTIME';
    return refused ? undefined : `cannot be used: ${error.message}`;
  }
}

/** One collection, for which nobody is in the way any more, must leave no garbage. */
async function collection(ground: Ground, { collect, left }: Task): Promise<string[]> {
  const { kept } = await collectGarbage(collect.parent, { whenBusy: 'error', ...collect.options });
  const broken = kept.filter(({ why }) => why === 'failed' || why === 'cannot-lock')
    .map(({ path, message }) => `${path} was not collected: ${message}`);
  for (const path of ground.places.flatMap(entriesOf)) {
    if (ground.bystanders.has(path) || left.includes(path)) continue;
    broken.push(`${path} has survived a collection`);
  }
  // What no collection takes is out of the way of the next round; so is what was not to survive.
  for (const path of ground.places.flatMap(entriesOf)) {
    if (!ground.bystanders.has(path)) removeTree(path);
  }
  return broken;
}
