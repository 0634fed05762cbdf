import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createCopy, type MutableCopy } from '../../runtime/mod.ts';
import { isGone, PATIENCE, type Storm } from './messages.ts';
import { runProgram } from './run-program.ts';
import { PROGRAM, STAMP, type StormRuntime, type StormTree } from './tree.ts';
import { enterCopy } from './witness.ts';

/**
 * After each copy none is made for as long as it took, but not for longer than this, in
 * milliseconds. Collectors need gaps to get in, the more so the larger the runtimes are.
 */
const LONGEST_REST = 250;

/** When this process may make its next copy. */
let next = 0;

/** Whether it is time for another copy, and none is being made in this process. */
export function mayCopy(): boolean {
  return performance.now() >= next;
}

/**
 * One launch in a mutable copy that is made for it, and left behind at its end. From there on it is
 * garbage; a collector that takes it earlier deletes what is in use.
 */
export async function launchCopy(storm: Storm, source: StormRuntime): Promise<void> {
  const copy = await makeCopy(storm, source);
  storm.count.copies++;
  const tree = toTree(copy, source);
  const marker = enterCopy(storm.witness, tree.name);
  for (const lack of lacks(copy, tree, source, storm.copyEntries)) {
    storm.violation(`${tree.name}: a copy of ${source.name} was made ${lack}`);
  }
  await runProgram(storm, tree, copy.lock, marker);
}

async function makeCopy(storm: Storm, { path, ref }: StormRuntime): Promise<MutableCopy> {
  const began = performance.now();
  next = Infinity;
  try {
    const wait = { whenBusy: 'wait', timeout: PATIENCE, signal: storm.stop } as const;
    return await createCopy(path, storm.copies, wait);
  } catch (error) {
    // A source that was gone before it could be locked is nobody's fault. What goes while it is
    // copied is, and so is a copy that goes while it grows.
    const { code, message, path: place } = error as NodeJS.ErrnoException;
    // Only a wait ends like that, and it waits for the source before it copies anything.
    const isBefore = code === 'ERR_LOCK_REPLACED' || place === ref;
    if (!isGone(error) || isBefore || message.startsWith('Cannot use')) throw error;
    throw new Error(message, { cause: error });
  } finally {
    const now = performance.now();
    next = now + Math.min(now - began, LONGEST_REST);
  }
}

/** The copy as a tree: a whole root filesystem, in which a merged `/usr` has become `usr/`. */
function toTree({ path, ref }: MutableCopy, { layout }: StormRuntime): StormTree {
  const below = layout === 'usr' ? 'usr' : '';
  return {
    name: basename(path),
    root: path,
    ref,
    layout: 'root',
    program: join(path, below, PROGRAM),
    stamp: join(below, STAMP),
    removable: true,
  };
}

/** What a new copy does not have of its source. */
function lacks(
  { entries }: MutableCopy,
  { root, ref, program, stamp }: StormTree,
  { name }: StormRuntime,
  expected: number | undefined,
): string[] {
  const found: string[] = [];
  if (expected !== undefined && entries !== expected) {
    found.push(`with ${entries} entries instead of ${expected}`);
  }
  const names = statSync(ref, { throwIfNoEntry: false })?.nlink ?? 0;
  if (names > 1) found.push('with a lock file that is not its own');
  if (!existsSync(program)) found.push('without its program');
  const file = join(root, stamp);
  if (!existsSync(file)) found.push('without its stamp');
  else if (!readFileSync(file, 'utf8').startsWith(`${name} `)) found.push('of something else');
  return found;
}
