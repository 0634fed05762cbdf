import { createRequire } from 'node:module';
import type { Worker, WorkerOptions } from 'node:worker_threads';

/** All threads that have been started since this was imported, the last one last. */
export const workers: Worker[] = [];

/** What threads that are started from now on are given beside what their pool says. */
export const workerOptions: WorkerOptions = {};

// A program may look at its threads like this, or have them from `process.on('worker')` on Node.
const threads = createRequire(import.meta.url)('node:worker_threads');
threads.Worker = class extends threads.Worker {
  constructor(file: string | URL, options?: WorkerOptions) {
    super(file, { ...options, ...workerOptions });
    workers.push(this as unknown as Worker);
  }
};
