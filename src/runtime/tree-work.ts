/** Work of the pool threads on whole trees, with progress and an end for the one who ordered it. */

import { errnoName, errnoText } from '../linux/errno.ts';
import { type CopyDone, type DeleteDone, DONE, type FailedCall } from '../../workers/tree-task.ts';
import { type Freed, newTreeWords, STOP, type Survey, TOTAL } from '../../workers/tree-task.ts';
import { surveySmallTree } from '../../workers/survey-tree.ts';
import { LockError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import { runTask } from '../lock/task-threads.ts';
import type { Place } from './place.ts';
import type { WorkOptions } from './tree-options.ts';

/** How often a progress is told, in milliseconds. */
const TELL_EVERY = 100;
/** How long a thread has a tree for itself, in milliseconds: to wake another takes a part of that. */
const HEAD_START = 2;
/** So many entries are looked at in less time than it takes to wake a thread and to hear of it. */
const SMALL = 64;

/** Copies a runtime's tree into an empty directory. */
export function copyTree(
  source: Place,
  target: Place,
  layout: 'usr' | 'root',
  options: WorkOptions,
): Promise<CopyDone> {
  return watched(`Cannot copy ${quote(source.path)}`, options, async (words) => {
    if (options.onProgress !== undefined) {
      await runTask({ work: 'survey', words, tree: source.fd, before: 'copy' });
    }
    return await runTask({ work: 'copy', words, source: source.fd, target: target.fd, layout });
  });
}

/** Looks through a tree that is to be deleted, or would be. */
export async function surveyTree(
  tree: Place,
  before: 'delete' | 'dry run',
  { signal }: WorkOptions,
): Promise<Survey> {
  const small = surveySmallTree(
    { work: 'survey', words: newTreeWords(), tree: tree.fd, before },
    SMALL,
  );
  return small ?? await watched(
    `Cannot look through ${quote(tree.path)}`,
    { signal },
    (words) => runTask({ work: 'survey', words, tree: tree.fd, before }),
  );
}

/** How far a deletion has got, for those who have to know when it fails. */
export interface Counter {
  readonly words: Int32Array<SharedArrayBuffer>;
  /** How many entries the tree has. */
  readonly total: number;
}

/** Deletes a tree as far as that can be done. `name` is its name in `parent`. */
export function deleteTree(
  parent: Place,
  name: Uint8Array,
  tree: Place,
  { words, total }: Counter,
  options: WorkOptions,
): Promise<DeleteDone> {
  Atomics.store(words, TOTAL, total);
  return watched(`Cannot delete ${quote(tree.path)}`, options, async (words) => {
    const one = (order: 'forward' | 'backward'): Promise<DeleteDone> =>
      runTask({ work: 'delete', words, order, parent: parent.fd, name, tree: tree.fd });
    const first = one('forward');
    const small = await within(HEAD_START, first);
    if (small !== undefined) return small;
    // From both ends at once: the kernel's part, which is nearly all, then takes two processors.
    const both = await bothEnds([first, one('backward')]);
    if (both.every(({ stopped, failureCount }) => stopped || failureCount === 0)) return sum(both);
    // They may have been in each other's way; what fails now fails for good.
    const last = await one('forward');
    return { ...last, ...freed([...both, last]) };
  }, words);
}

/** Waits until both have ended, also when one fails: the descriptors must stay open till then. */
async function bothEnds(tasks: readonly Promise<DeleteDone>[]): Promise<DeleteDone[]> {
  await Promise.allSettled(tasks);
  return await Promise.all(tasks);
}

/** Puts a failed call of a thread into words: `no space left on device (ENOSPC from link)`. */
export function failureText({ syscall, errno }: FailedCall): string {
  return `${errnoText(errno)} (${errnoName(errno)} from ${syscall})`;
}

/** Gives what the work gives, or `undefined` when it takes longer. */
function within<T>(limit: number, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, limit, undefined);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function sum(all: readonly DeleteDone[]): DeleteDone {
  const stopped = all.some((one) => one.stopped);
  return { stopped, failures: [], failureCount: 0, ...freed(all) };
}

function freed(all: readonly Freed[]): Freed {
  return {
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    inodes: all.reduce((sum, { inodes }) => sum + inodes, 0),
  };
}

async function watched<T>(
  action: string,
  { signal, onProgress }: WorkOptions,
  work: (words: Int32Array<SharedArrayBuffer>) => Promise<T>,
  words = newTreeWords(),
): Promise<T> {
  const stop = (): void => void Atomics.store(words, STOP, 1);
  let thrown: { readonly error: unknown } | undefined;
  const tell = (): void => {
    if (thrown !== undefined) return;
    try {
      onProgress?.({ done: Atomics.load(words, DONE), total: Atomics.load(words, TOTAL) });
    } catch (error) {
      // Nobody could catch it here; the work must end before anything it needs is given up.
      thrown = { error };
      stop();
    }
  };
  if (signal?.aborted) stop();
  signal?.addEventListener('abort', stop, { once: true });
  const telling = onProgress === undefined ? undefined : setInterval(tell, TELL_EVERY);
  let result: T;
  try {
    result = await work(words);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LockError(`${action}: no thread to work in: ${why}`, {
      code: 'ERR_LOCK_UNSUPPORTED',
      cause,
    });
  } finally {
    clearInterval(telling);
    signal?.removeEventListener('abort', stop);
  }
  tell();
  if (thrown !== undefined) throw thrown.error;
  return result;
}
