/**
 * Container runtimes on disk: to use them, to make mutable copies of them, and to delete what
 * nobody uses, side by side with pressure-vessel, bwrap and Flatpak.
 *
 * @module
 */

export { collectGarbage, type CollectOptions } from './collect-garbage.ts';
export {
  type CopyOptions,
  createCopy,
  type MutableCopy,
  type SkippedEntry,
} from './create-copy.ts';
export type { FoundRuntime } from './find-runtime.ts';
export type { DeletedEntry, GarbageReport, KeptEntry, KeptWhy } from './garbage-report.ts';
export { type RemoveOptions, type RemoveResult, removeRuntime } from './remove-runtime.ts';
export type { LockSource, Progress, RuntimeOptions, WorkOptions } from './tree-options.ts';
export { type RuntimeUse, type UseOptions, useRuntime } from './use-runtime.ts';
export type { Holder } from '../lock/holders.ts';
export type {
  LockKind,
  LockMode,
  LockOptions,
  LockRange,
  TryLockOptions,
  WaitInfo,
  WaitOptions,
} from '../lock/lock-options.ts';
export { Lock } from '../lock/lock.ts';
