import type { LockKind, LockMode } from './lock-options.ts';

/** How an engine uses threads. */
export interface EngineOptions {
  /**
   * The most threads that may block in the kernel at a time. Waits beyond it are polled.
   * @default {8}
   */
  maxThreads?: number | undefined;
  /**
   * Milliseconds after which a thread without work ends.
   * @default {5000}
   */
  idleTimeout?: number | undefined;
}

/** A lock that this process holds. */
export interface HeldInfo {
  /** The file, as the caller named it. */
  path: string;
  /** Its present mode. */
  mode: LockMode;
  /** To whom the kernel counts it. */
  kind: LockKind;
}

/** A lock that this process waits for. */
export interface PendingInfo {
  /** The file, as the caller named it. */
  path: string;
  /** The mode that is waited for. */
  mode: LockMode;
}

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
  /** Waits that block a thread. */
  blocked: number;
  /** Waits that are polled, for want of a thread. */
  parked: number;
  /** Threads, busy or idle. */
  threads: number;
  /** Locks granted so far. */
  grants: number;
  /** Waits given up so far. */
  giveUps: number;
}
