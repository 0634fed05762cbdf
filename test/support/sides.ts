import type { TryLockOptions } from '../../src/mod.ts';
import { type HeldLock, holdElsewhere } from './elsewhere.ts';
import { mustBlock } from './must-block.ts';
import { query, tryLock } from './subject.ts';

/** Whose lock somebody waits for who uses the functions of the module. */
export interface Side {
  readonly whose: string;
  /** Takes the lock, which must be free. */
  hold(path: string, options?: TryLockOptions): Promise<HeldLock>;
  /** Returns when a wait that has begun is where it stays. */
  settled(path: string): Promise<void>;
}

/** Both kinds of waits: for a lock of the same engine, and for one that only the kernel knows of. */
export const sides: readonly Side[] = [
  {
    whose: 'its own engine',
    hold: async (path, options) => (await tryLock(path, options))!,
    // Who has answered this has heard of the wait before.
    settled: async () => void await query(),
  },
  {
    whose: 'somebody else',
    hold: (path, options) => Promise.resolve(holdElsewhere(path, options)),
    settled: (path) => mustBlock(path),
  },
];
