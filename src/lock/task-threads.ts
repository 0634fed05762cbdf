import { availableParallelism } from 'node:os';
import { closeLeft, newLedger } from '../linux/file-calls.ts';
import { isThread } from '../linux/threads.ts';
import { type Answer, OPEN, type Order, type Task } from '../../workers/tree-task.ts';
import { TAKEN, THREAD, WITHDRAWN } from '../../workers/tree-task.ts';
import { Pool } from './pool.ts';

/** How long a thread without work lives on, in milliseconds. */
const idleTimeout = 5000;

/** How long a thread is waited for that has been terminated; a slow disk may keep it. In milliseconds. */
const GONE_LIMIT = 10_000;

const worker = 'task';
const busy = Math.max(2, Math.min(4, availableParallelism()));
/** Work that keeps a processor or a disk busy: as many threads as can be of use. */
const trees = new Pool({ worker, maxThreads: busy, idleTimeout });
/** Short looks for somebody who waits for an error message; large trees must not hold them up. */
const looks = new Pool({ worker, maxThreads: 1, idleTimeout });

/**
 * Has a pool thread do a task. The threads are the process's, not an engine's.
 *
 * @throws {Error} when no thread can be started, or when it ends before the task has.
 */
export async function runTask<T extends Task>(task: T): Promise<Answer<T>> {
  const fds = newLedger();
  const order: Order = { task, taken: new Int32Array(new SharedArrayBuffer(8)), fds };
  const pool = task.work === 'holders' ? looks : trees;
  try {
    return await pool.run(order, () => withdraw(order));
  } catch (error) {
    await untilGone(order);
    closeLeft(fds);
    throw error;
  }
}

/**
 * Deno tells of the end of a thread that may yet make a system call, and no number of a descriptor that it
 * uses may mean another file then.
 */
async function untilGone({ taken }: Order): Promise<void> {
  const deadline = performance.now() + GONE_LIMIT;
  while (Atomics.load(taken, 0) === TAKEN && performance.now() < deadline) {
    if (!isThread(Atomics.load(taken, THREAD))) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The pool may find a thread for it yet, after whoever wants it was told that there is none. */
function withdraw({ taken }: Order): boolean {
  return Atomics.compareExchange(taken, 0, OPEN, WITHDRAWN) === OPEN;
}
