import type { Holder } from '../lock/holders.ts';

/** Why an entry was kept. */
export type KeptWhy =
  | 'busy'
  | 'keep'
  | 'current'
  | 'not-ours'
  | 'not-garbage'
  | 'not-a-directory'
  | 'cannot-lock'
  | 'failed';

/** An entry that was deleted, or would be. */
export interface DeletedEntry {
  /** Its name; a byte that is not UTF-8 is half of a surrogate pair, U+DC80 to U+DCFF. */
  name: string;
  /** Where it was. */
  path: string;
  /** Bytes on the disk that this has freed: what no hard link elsewhere keeps. */
  bytes: number;
  /** Inodes that this has freed. */
  inodes: number;
}

/** An entry that is still there. */
export interface KeptEntry {
  /** Its name; a byte that is not UTF-8 is half of a surrogate pair, U+DC80 to U+DCFF. */
  name: string;
  /** Where it is. */
  path: string;
  /**
   * - `busy`: somebody holds one of its locks
   * - `keep`: it has an entry `keep`, or one cannot tell
   * - `current`: a deployment that is in use by name
   * - `not-ours`: in a directory of several users, it belongs neither to the caller nor to the owner
   *   of the directory
   * - `not-garbage`: its name is none that is collected
   * - `not-a-directory`: a file or a symbolic link
   * - `cannot-lock`: its `.ref` cannot be locked at all
   * - `failed`: it cannot be deleted, or not completely
   */
  why: KeptWhy;
  /** The same in words. */
  message: string;
  /** Who holds it, as far as can be seen, when it is busy. */
  holders: Holder[];
}

/** What a collection has done, or would do. */
export interface GarbageReport {
  /** The directory, as the caller named it. */
  parent: string;
  /** Whether nothing was done, so that this only tells what would be. */
  dryRun: boolean;
  /**
   * Who held the directory's own lock, so that nothing was even looked at. Absent when there was a
   * collection.
   */
  busy?: { path: string; holders: Holder[] };
  /** What was deleted. */
  deleted: DeletedEntry[];
  /** What was kept, and why. */
  kept: KeptEntry[];
  /** Bytes on the disk that were freed, those of trees that are only partly deleted included. */
  freedBytes: number;
  /** Inodes that were freed. */
  freedInodes: number;
}
