import { createRequire } from 'node:module';
import type { Worker, WorkerOptions } from 'node:worker_threads';
import type { Death, Fate, Moment } from '../fixtures/dying-thread.ts';
import { test } from 'uvu';
import { runtime } from './runtime.ts';

/** All threads that have been started since this was imported, the last one last. */
export const workers: Worker[] = [];

let fate: Omit<Fate, 'program'> | undefined;

/** Has threads that are started from now on die, until {@linkcode letLive} is called. */
export function letDie(death: Death, moment: Moment): void {
  fate = { death, moment };
}

/** Lets threads that are started from now on do their work. */
export function letLive(): void {
  fate = undefined;
}

/** What piscina's threads run, so that one can run out of it. */
const resourceLimits = { maxOldGenerationSizeMb: 32 };
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const dyingThread = new URL(`../fixtures/dying-thread.${extension}`, import.meta.url);

// A program may look at its threads like this, or have them from `process.on('worker')` on Node.
const threads = createRequire(import.meta.url)('node:worker_threads');
threads.Worker = class extends threads.Worker {
  constructor(program: string, options?: WorkerOptions) {
    const dying = { ...options, resourceLimits, workerData: { program, ...fate } };
    super(fate === undefined ? program : dyingThread, fate === undefined ? options : dying);
    workers.push(this as unknown as Worker);
  }
};

/** A test that terminates threads, and says so where that may end the whole process. */
export function testTerminated(name: string, body: () => Promise<void>): void {
  if (runtime !== 'bun') return test(name, body);
  console.log(`skipped: ${name}: Bun may panic when a thread is terminated within a native call`);
  test.skip(name, body);
}
