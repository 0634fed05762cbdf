import { identity } from '../linux/identity.ts';
import { overlap, union } from './claim.ts';
import type { Lock } from './lock.ts';
import { LockError } from './lock-error.ts';
import { checkWaitOptions, toRequest } from './lock-options.ts';
import type { LockRequest, TryLockOptions, WaitOptions } from './lock-options.ts';
import { type LockSet, newLockSet } from './lock-set.ts';
import { cannotLock, FileChanged, openFile } from './open-file.ts';

/** One lock of several. */
export interface LockAllRequest extends TryLockOptions {
  /** The file. */
  path: string | URL;
}

/** @internal How a single lock is waited for. */
export type Take = (want: LockRequest, options: WaitOptions) => Promise<Lock>;

/** @internal How the files are put in order. */
export type Order = (wants: readonly LockRequest[]) => readonly Part[] | Promise<readonly Part[]>;

/** How often files may be replaced under us before something other than bad luck is at work. */
const ATTEMPTS = 100;

/** @internal One lock that serves one or several requests. */
export interface Part {
  want: LockRequest;
  /** Which of the requests, by their index. */
  readonly serves: number[];
}

/**
 * @internal Takes all locks, one after the other in one order for all processes: by device, inode and first
 * byte. If one cannot be had, those before it are released.
 */
export async function takeAll(
  requests: Iterable<LockAllRequest>,
  options: WaitOptions,
  take: Take,
  order: Order = inOrder,
): Promise<LockSet> {
  const wants = Array.from(requests, ({ path, ...which }) => toRequest(path, which));
  checkWaitOptions(options);
  options.signal?.throwIfAborted();
  const began = performance.now();
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const taken = await takeInOrder(await order(wants), options, began, take);
    if (taken !== undefined) return taken;
  }
  throw new LockError(`Cannot lock files together: replaced ${ATTEMPTS} times in a row`, {
    code: 'ERR_LOCK_REPLACED',
  });
}

/** Gives `undefined` when a file is no longer the one by which the order was found. */
async function takeInOrder(
  parts: readonly Part[],
  options: WaitOptions,
  began: number,
  take: Take,
): Promise<LockSet | undefined> {
  const { timeout = Infinity } = options;
  const taken: Lock[] = [];
  const locks: Lock[] = [];
  try {
    for (const { want, serves } of parts) {
      const left = Math.max(0, began + timeout - performance.now());
      const lock = await take(want, { ...options, timeout: left });
      taken.push(lock);
      for (const index of serves) locks[index] = lock;
    }
    return newLockSet(locks, taken);
  } catch (error) {
    for (const lock of taken.reverse()) lock.release();
    if (error instanceof FileChanged) return undefined;
    if (!(error instanceof LockError) || error.code !== 'ERR_LOCK_TIMEOUT') throw error;
    // What was left for this one says nothing to the caller.
    const { want } = parts[taken.length]!;
    throw new LockError(`${cannotLock(want)}: still busy after ${timeout} ms`, {
      code: 'ERR_LOCK_TIMEOUT',
      path: want.path,
    });
  }
}

/**
 * @internal Finds out which files are meant, and puts them in order. Requests that overlap in one file become
 * one: two locks there would wait for each other.
 */
export function inOrder(wants: readonly LockRequest[]): Part[] {
  const parts = wants.map((want, index): Part => {
    const description = openFile(want);
    const file = identity();
    description?.close();
    return { want: { ...want, file }, serves: [index] };
  });
  parts.sort((a, b) => compare(a.want, b.want));
  const merged: Part[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (last === undefined || last.want.file !== part.want.file) merged.push(part);
    else if (!overlap(last.want.range, part.want.range)) merged.push(part);
    else {
      last.want = stronger(last.want, part.want);
      last.serves.push(...part.serves);
    }
  }
  return merged;
}

function stronger(a: LockRequest, b: LockRequest): LockRequest {
  return {
    ...a,
    mode: a.mode === 'exclusive' ? 'exclusive' : b.mode,
    create: a.create || b.create,
    range: union(a.range, b.range),
  };
}

function compare(a: LockRequest, b: LockRequest): number {
  const numbers = ({ file, range }: LockRequest) => [
    ...file!.split(':').map(BigInt),
    BigInt(range.start),
  ];
  const ofB = numbers(b);
  for (const [index, number] of numbers(a).entries()) {
    if (number !== ofB[index]!) return number < ofB[index]! ? -1 : 1;
  }
  return 0;
}
