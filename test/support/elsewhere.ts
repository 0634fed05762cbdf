import { type Lock, LockEngine, tryLock, type TryLockOptions } from '../../src/mod.ts';
import { mustBlock } from './must-block.ts';

const engine = new LockEngine();

/**
 * Takes a free lock for an engine of its own: to all others it is as good as another process's,
 * because only the kernel knows of it. Whoever waits for it blocks a thread.
 */
export function holdElsewhere(path: string, options?: TryLockOptions): Lock {
  return engine.tryLock(path, options)!;
}

/** Whose lock somebody waits for who uses the functions of the module. */
export interface Side {
  readonly whose: string;
  /** Takes the lock, which must be free. */
  hold(path: string, options?: TryLockOptions): Lock;
  /** Returns when a wait that has begun is where it stays. */
  settled(path: string): Promise<void>;
}

/** Both kinds of waits: for a lock of the same engine, and for one that only the kernel knows of. */
export const sides: readonly Side[] = [
  {
    whose: 'its own engine',
    hold: (path, options) => tryLock(path, options)!,
    settled: () => Promise.resolve(),
  },
  { whose: 'somebody else', hold: holdElsewhere, settled: (path) => mustBlock(path) },
];
