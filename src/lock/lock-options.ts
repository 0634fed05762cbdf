import { fileURLToPath } from 'node:url';
import { AT_FDCWD } from '../linux/open.ts';
import { printable, quote } from './printable.ts';

/** `shared` goes together with other shared locks, `exclusive` with nobody. */
export type LockMode = 'shared' | 'exclusive';

/**
 * To whom the kernel counts the lock: `ofd`, to the open file description (Linux 3.15), or
 * `process`, to the whole process, as on older kernels.
 *
 * A lock of the kind `process` behaves like the other one, but no child inherits it, so it can
 * neither be detached nor be passed on by `spawnLocked()`; it can be had in the main thread only;
 * and it ends when any other part of the program opens the file and closes it (fcntl(2)). Where a
 * program has locks of both kinds on a file, a child loses what it inherited of them with the
 * release.
 */
export type LockKind = 'ofd' | 'process';

/** A range of bytes, which need not exist in the file (fcntl(2)). */
export interface LockRange {
  /** The first byte, from 0. */
  start: number;
  /** How many bytes; 0 means up to the end of the file, however far it grows. */
  length: number;
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

/** What `onWait` is told. */
export interface WaitInfo {
  /** The file, as the caller named it. */
  path: string;
  /** The mode that is waited for. */
  mode: LockMode;
  /**
   * The locks of the same engine that are in the way or, if none is, in the way of the wait behind
   * which this one is. If it is empty, somebody else is in the way; if not, somebody else may be too.
   */
  holders: HeldInfo[];
}

/** How to wait for a lock. */
export interface WaitOptions {
  /** Ends the wait: the promise rejects with `signal.reason`. */
  signal?: AbortSignal | undefined;
  /**
   * Milliseconds after which the wait ends with `ERR_LOCK_TIMEOUT`; 0 fails at once when busy.
   * @default {Infinity}
   */
  timeout?: number | undefined;
  /** Called once, before the wait begins, and not at all when the lock is free. */
  onWait?: ((info: WaitInfo) => void) | undefined;
}

/** Which lock to take, without a wait. */
export interface TryLockOptions {
  /**
   * Who else may hold the lock meanwhile.
   * @default {'exclusive'}
   */
  mode?: LockMode | undefined;
  /**
   * Create the file with mode 0644 (less the umask) if it does not exist; one that exists is opened as
   * without this option, so a shared lock needs no right to write. A new file of the name `.ref` is for
   * all who use the runtime: it has mode 0644 whatever the umask, and made by root in a directory of
   * somebody else it belongs to the owner of the directory.
   * @default {false}
   */
  create?: boolean | undefined;
  /** A directory's file descriptor from which a relative path starts, instead of the current one. */
  at?: number | undefined;
  /**
   * Follow the file, where it is a symbolic link, only below the directory in which it lies: one
   * that leads out is `EXDEV` (openat2(2), `RESOLVE_BENEATH`). For files in directories that
   * somebody else may write to.
   * @default {false}
   */
  beneath?: boolean | undefined;
  /** The bytes to lock. Default: the whole file, however far it grows. */
  range?: LockRange | undefined;
  /**
   * `auto` takes an open-file-description lock or, where the kernel has none, a process-associated
   * one; so it does where this process has one of those on the file already. See `LockKind`.
   * @default {'auto'}
   */
  kind?: 'auto' | LockKind | undefined;
}

/** Which lock to take, and how to wait for it. */
export interface LockOptions extends TryLockOptions, WaitOptions {}

/** A lock as it was asked for, checked and complete. */
export interface LockRequest {
  readonly path: string;
  readonly dirfd: number;
  readonly mode: LockMode;
  readonly create: boolean;
  readonly beneath: boolean;
  readonly kind: 'auto' | LockKind;
  readonly range: Readonly<LockRange>;
  /** The only file that will do, as `identity()` has it; any that is at the path by default. */
  readonly file?: string;
}

const WHOLE_FILE: LockRange = { start: 0, length: 0 };

/** Checks what the caller gave, before any file is touched. */
export function toRequest(path: string | URL, options: TryLockOptions = {}): LockRequest {
  const { mode = 'exclusive', create = false, at = AT_FDCWD, range, kind = 'auto' } = options;
  const { beneath = false } = options;
  const name = toPath(path);
  if (mode !== 'shared' && mode !== 'exclusive') {
    throw invalid(TypeError, 'mode', `must be 'shared' or 'exclusive'`, mode);
  }
  if (typeof create !== 'boolean') throw invalid(TypeError, 'create', 'must be a boolean', create);
  if (typeof beneath !== 'boolean') {
    throw invalid(TypeError, 'beneath', 'must be a boolean', beneath);
  }
  if (at !== AT_FDCWD && !isFd(at)) {
    throw invalid(RangeError, 'at', 'must be a file descriptor', at);
  }
  if (kind !== 'auto' && kind !== 'ofd' && kind !== 'process') {
    throw invalid(TypeError, 'kind', `must be 'auto', 'ofd' or 'process'`, kind);
  }
  if (range !== undefined) checkRange(range);
  return {
    path: name,
    dirfd: at,
    mode,
    create,
    beneath,
    kind,
    range: range === undefined ? WHOLE_FILE : { start: range.start, length: range.length },
  };
}

/** Checks how to wait. */
export function checkWaitOptions({ signal, timeout, onWait }: WaitOptions): void {
  if (timeout !== undefined && (typeof timeout !== 'number' || !(timeout >= 0))) {
    throw invalid(RangeError, 'timeout', 'must be a number of milliseconds, 0 or more', timeout);
  }
  if (signal !== undefined && typeof signal?.addEventListener !== 'function') {
    throw invalid(TypeError, 'signal', 'must be an AbortSignal', signal);
  }
  if (onWait !== undefined && typeof onWait !== 'function') {
    throw invalid(TypeError, 'onWait', 'must be a function', onWait);
  }
}

/** Tells whether the value can be a file descriptor's number. */
export function isFd(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0x7fffffff;
}

/** An argument error with the codes that `node:fs` uses. */
export function invalid(
  Type: typeof TypeError | typeof RangeError,
  name: string,
  rule: string,
  value: unknown,
): TypeError | RangeError {
  const shown = typeof value === 'string' ? quote(value) : printable(String(value));
  const code = Type === RangeError ? 'ERR_OUT_OF_RANGE' : 'ERR_INVALID_ARG_VALUE';
  return Object.assign(new Type(`The lock option "${name}" ${rule}, not ${shown}`), { code });
}

/** Checks a path, and makes a string of it. */
export function toPath(path: string | URL): string {
  const name = typeof path === 'string' ? path : path instanceof URL ? fileURLToPath(path) : path;
  if (typeof name !== 'string') {
    throw invalid(TypeError, 'path', 'must be a string or a file: URL', name);
  }
  // A NUL would end the path early in C, and lock some other file.
  if (name.includes('\0')) {
    throw invalid(TypeError, 'path', 'must not contain NUL characters', name);
  }
  return name;
}

function checkRange(range: LockRange): void {
  if (typeof range !== 'object' || range === null) {
    throw invalid(TypeError, 'range', 'must be { start, length }', range);
  }
  const { start, length } = range;
  if (!Number.isSafeInteger(start) || start < 0) {
    throw invalid(RangeError, 'range.start', 'must be a whole number of bytes, 0 or more', start);
  }
  if (!Number.isSafeInteger(length) || length < 0) {
    throw invalid(RangeError, 'range.length', 'must be a whole number of bytes, 0 or more', length);
  }
  if (!Number.isSafeInteger(start + length)) {
    throw invalid(RangeError, 'range', 'must end below 2 ** 53', `${start} + ${length}`);
  }
}
