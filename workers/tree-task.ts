/**
 * Work on whole directory trees, and the memory that its thread shares with whoever ordered it.
 * Trees are named by open directory descriptors, which belong to the process and not to a thread;
 * the owner keeps them open until the task has ended.
 */

import type { LockOwners } from '../src/linux/lock-owners.ts';

/** Index of a word that is not 0 once the work shall stop. */
export const STOP = 0;
/** Index of the number of entries that are done. */
export const DONE = 1;
/** Index of the number of entries that there are, 0 while that is not known. */
export const TOTAL = 2;

/** The memory of some work, which may be several tasks. */
export function newTreeWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT));
}

/**
 * Looks through a whole tree and changes nothing. The number of entries becomes {@linkcode TOTAL}, so
 * that a progress has an end.
 */
export interface SurveyTask {
  readonly work: 'survey';
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly tree: number;
  /** What the look is for: to copy the tree, to delete it, or to tell what that would do. */
  readonly before: 'copy' | 'delete' | 'dry run';
}

/** What the deletion of a directory frees: what no other name keeps. */
export interface Freed {
  readonly bytes: number;
  readonly inodes: number;
}

/** A directory in a tree that may be in use by itself, or that leads to one. */
export interface Noted {
  /** The index of the one in which it lies, -1 for the tree's root. */
  readonly up: number;
  /** Its name there, with a NUL. */
  readonly name: Uint8Array;
  /** Whether it has a `.ref`, or would have one if somebody used it as a runtime. */
  mark?: 'ref' | 'unmarked';
}

/** What has been found in a tree. A copy needs none of it. */
export interface Survey extends Freed {
  readonly stopped: boolean;
  /** How many entries there are, without the root. */
  readonly total: number;
  /**
   * Where it may be in use below its root: each comes after the one in which it lies, and all that lie
   * in that one come before the next beside it.
   */
  readonly noted: readonly Noted[];
  /**
   * What keeps the tree from being deleted: mounts, what cannot be looked into and, before a dry run, what
   * may not be changed.
   */
  readonly obstacles: readonly FailedCall[];
}

/** Makes a mutable copy's tree out of a runtime's. */
export interface CopyTask {
  readonly work: 'copy';
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly source: number;
  /** A directory with nothing but `usr/.ref` and a link to it. */
  readonly target: number;
  readonly layout: 'usr' | 'root';
}

/**
 * Deletes a directory with all that is in it. Two such tasks may work on one tree at a time, from
 * its two ends: what the other one has deleted is no failure.
 */
export interface DeleteTask {
  readonly work: 'delete';
  readonly words: Int32Array<SharedArrayBuffer>;
  readonly order: 'forward' | 'backward';
  /** The directory in which it lies. */
  readonly parent: number;
  /** Its name there, with a NUL. */
  readonly name: Uint8Array;
  /** The directory itself. */
  readonly tree: number;
}

/** Finds out which processes hold locks on files, or wait for them. */
export interface HoldersTask {
  readonly work: 'holders';
  /** Devices and inodes, as `Status.identity` has them. */
  readonly files: readonly string[];
}

/** A system call that failed, as it is told across threads. */
export interface FailedCall {
  /** Below the tree's root, `''` for the root. */
  readonly path: string;
  readonly syscall: string;
  readonly errno: number;
}

/** What has become of a copy. */
export interface CopyDone {
  /** Why it is not complete, unless it was stopped. */
  readonly failed: FailedCall | undefined;
  readonly stopped: boolean;
  readonly entries: number;
  /** What was left out: for its type, as in `d_type`, or because the name was taken. */
  readonly skipped: readonly { readonly path: string; readonly why: number | 'taken' }[];
}

/** What has become of a deletion. */
export interface DeleteDone extends Freed {
  readonly stopped: boolean;
  /** What could not be deleted: the first {@linkcode FAILURES}. */
  readonly failures: readonly FailedCall[];
  readonly failureCount: number;
}

/** How many failures are told one by one. */
export const FAILURES = 100;

/** What a pool thread can be given to do. */
export type Task = SurveyTask | CopyTask | DeleteTask | HoldersTask;

/** Values of the first word of {@linkcode Order.taken}: nobody has the task, or a thread, or may have it. */
export const OPEN = 0;
export const TAKEN = 1;
export const WITHDRAWN = 2;
/** The thread is done with it, whatever has come of it. */
export const DROPPED = 3;
/** Index of the kernel's id of the thread that has it. */
export const THREAD = 1;

/** What is sent to a pool thread. */
export interface Order {
  readonly task: Task;
  /** {@linkcode OPEN} until it is one of the others, by compare-and-exchange, and {@linkcode THREAD}. */
  readonly taken: Int32Array<SharedArrayBuffer>;
  /** What the thread has open meanwhile, as `linux/file-calls.ts` notes it. */
  readonly fds: Int32Array<SharedArrayBuffer>;
}

/** What it answers. */
export type Answer<T extends Task> = T extends SurveyTask ? Survey
  : T extends CopyTask ? CopyDone
  : T extends DeleteTask ? DeleteDone
  : LockOwners;
