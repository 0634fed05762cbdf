/**
 * Locks on `.ref` files that go together with `bwrap --lock-file`, Flatpak and pressure-vessel.
 *
 * @module
 */

export { adoptLock, lock, query, tryLock, withLock } from './lock/default-engine.ts';
export { spawnLocked } from './lock/spawn-locked.ts';
export { LockEngine } from './lock/engine.ts';
export type {
  EngineOptions,
  EngineStats,
  HeldInfo,
  LockSnapshot,
  PendingInfo,
} from './lock/engine-info.ts';
export { Lock } from './lock/lock.ts';
export { LockError, type LockErrorCode, type LockErrorDetails } from './lock/lock-error.ts';
export type { AdoptOptions } from './lock/adopt-lock.ts';
export type {
  LockKind,
  LockMode,
  LockOptions,
  LockRange,
  TryLockOptions,
  WaitInfo,
  WaitOptions,
} from './lock/lock-options.ts';
