import { type HeldInfo, invalid, type WaitInfo } from './lock-options.ts';

/** How an engine waits. */
export interface EngineOptions {
  /**
   * The most threads that may block in the kernel at a time. All waits beyond it share one more
   * thread, which watches their files; when there are 64 of those, they share it with all others.
   * A thread takes about 10 MB on Node, 6 MB on Bun. One that does not leave the kernel when its wait
   * is given up counts until it does.
   * @default {8}
   */
  maxThreads?: number | undefined;
  /**
   * Milliseconds after which a thread without work ends.
   * @default {5000}
   */
  idleTimeout?: number | undefined;
  /**
   * The most times in a row that a lock goes from one of this engine to the next in line, before it
   * is left to other processes for a moment.
   * @default {16}
   */
  maxHandOvers?: number | undefined;
}

/** Fills in the defaults, and checks what the caller gave. */
export function checkEngineOptions(
  options: EngineOptions,
): { [Name in keyof EngineOptions]-?: number } {
  const { maxThreads = 8, idleTimeout = 5000, maxHandOvers = 16 } = options;
  if (!Number.isInteger(maxThreads) || maxThreads < 1 || maxThreads > 1024) {
    throw invalid(RangeError, 'maxThreads', 'must be a whole number from 1 to 1024', maxThreads);
  }
  if (!(idleTimeout >= 0 && idleTimeout < 2 ** 31)) {
    throw invalid(RangeError, 'idleTimeout', 'must be milliseconds, 0 or more', idleTimeout);
  }
  if (!Number.isInteger(maxHandOvers) || maxHandOvers < 1) {
    throw invalid(RangeError, 'maxHandOvers', 'must be a whole number, 1 or more', maxHandOvers);
  }
  return { maxThreads, idleTimeout, maxHandOvers };
}

/** A lock that this process waits for. */
export type PendingInfo = WaitInfo;

/** What an engine holds and waits for at one moment. */
export interface LockSnapshot {
  /** In the order in which they were granted. */
  held: HeldInfo[];
  /** In the order in which they were asked for. */
  pending: PendingInfo[];
}

/** What an engine is doing and has done. */
export interface EngineStats {
  /** Locks held. */
  held: number;
  /** Waits for a lock of this engine, or behind another wait: they need no thread. */
  queued: number;
  /** Waits that block a thread. */
  blocked: number;
  /** Waits for somebody else that have no thread: their files are watched, and tried from time to time. */
  parked: number;
  /** Threads, busy or idle. */
  threads: number;
  /** Locks granted so far, upgrades that had to wait among them. */
  grants: number;
  /** Those of them that went from one lock of this engine to the next in line. */
  handOvers: number;
  /** Waits that have ended without the lock so far, by giving up or by an error. */
  giveUps: number;
  /** How long the waits took that have ended with the lock; each is counted once, in the first that fits. */
  waits: WaitCount[];
}

/** How many waits took about so long. */
export interface WaitCount {
  /** At most so many milliseconds; `Infinity` for the last one. */
  upTo: number;
  /** How many, and longer than the one before. */
  count: number;
}
