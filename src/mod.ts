/**
 * Locks on `.ref` files that go together with `bwrap --lock-file`, Flatpak and pressure-vessel.
 *
 * @module
 */

export { adoptLock, lock, lockAll, query, tryLock, withLock } from './lock/default-engine.ts';
export { type Holder, holders } from './lock/holders.ts';
export { spawnLocked } from './lock/spawn-locked.ts';
export { LockEngine } from './lock/engine.ts';
export type {
  EngineOptions,
  EngineStats,
  LockSnapshot,
  PendingInfo,
  WaitCount,
} from './lock/engine-info.ts';
export type { GiveUpMessage, GrantMessage, ReleaseMessage, WaitMessage } from './lock/journal.ts';
export { Lock } from './lock/lock.ts';
export type { LockAllRequest } from './lock/lock-all.ts';
export { LockSet } from './lock/lock-set.ts';
export { LockError, type LockErrorCode, type LockErrorDetails } from './lock/lock-error.ts';
export type { AdoptOptions } from './lock/adopt-lock.ts';
export type {
  HeldInfo,
  LockKind,
  LockMode,
  LockOptions,
  LockRange,
  TryLockOptions,
  WaitInfo,
  WaitOptions,
} from './lock/lock-options.ts';
