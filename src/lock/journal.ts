import { channel } from 'node:diagnostics_channel';
import type { WaitCount } from './engine-info.ts';
import type { GiveUp } from './give-up.ts';
import type { HeldInfo, LockMode, WaitInfo } from './lock-options.ts';

/**
 * What the channel `reflock:wait` of `node:diagnostics_channel` is told: a lock is busy, and a wait
 * for it begins. Each wait ends with one message in `reflock:grant` or in `reflock:giveup`.
 */
export type WaitMessage = WaitInfo;

/** What the channel `reflock:grant` is told: a lock is held, or has become exclusive after a wait. */
export interface GrantMessage extends HeldInfo {
  /** Milliseconds that it was waited for; 0 if it was free. */
  waited: number;
}

/** What the channel `reflock:release` is told: a lock has been released. */
export interface ReleaseMessage extends HeldInfo {
  /** Whether it was not released but detached: its descriptor is somebody else's now. */
  detached: boolean;
}

/** What the channel `reflock:giveup` is told: a wait has ended without the lock. */
export interface GiveUpMessage {
  /** The file, as the caller named it. */
  path: string;
  /** The mode that was waited for. */
  mode: LockMode;
  /** Milliseconds that it was waited for. */
  waited: number;
  /** What the wait was rejected with. */
  reason: unknown;
}

const waits = channel('reflock:wait');
const grants = channel('reflock:grant');
const releases = channel('reflock:release');
const giveUps = channel('reflock:giveup');

/** Upper ends of the classes by which waits are counted, in milliseconds. */
const CLASSES = [0.1, 1, 10, 100, 1000, 10_000, Infinity];

/** Counts what happens to an engine's locks, and tells whoever has subscribed. */
export class Journal {
  grants = 0;
  handOvers = 0;
  giveUps = 0;
  readonly #counts = CLASSES.map(() => 0);

  /** How long the waits took that ended with the lock. */
  get waits(): WaitCount[] {
    return CLASSES.map((upTo, index) => ({ upTo, count: this.#counts[index]! }));
  }

  /** Notes that a wait begins; whose locks are in its way is asked only if somebody listens. */
  wait({ want: { path, mode } }: GiveUp, holders: () => HeldInfo[]): void {
    if (waits.hasSubscribers) waits.publish({ path, mode, holders: holders() });
  }

  /** Notes that a lock has been granted, after a wait or without. */
  grant({ path, mode, kind }: HeldInfo, wait?: GiveUp): void {
    this.grants++;
    const waited = wait === undefined ? 0 : performance.now() - wait.began;
    if (wait !== undefined) this.#counts[CLASSES.findIndex((upTo) => waited <= upTo)]!++;
    if (grants.hasSubscribers) grants.publish({ path, mode, kind, waited });
  }

  /** Notes that a lock has ended. */
  release({ path, mode, kind }: HeldInfo, detached: boolean): void {
    if (releases.hasSubscribers) releases.publish({ path, mode, kind, detached });
  }

  /** Notes that a wait has ended without the lock. */
  giveUp({ want: { path, mode }, began }: GiveUp, reason: unknown): void {
    this.giveUps++;
    if (!giveUps.hasSubscribers) return;
    giveUps.publish({ path, mode, waited: performance.now() - began, reason });
  }
}
