import { isMainThread } from 'node:worker_threads';
import { EBADF, EDEADLK, EINVAL, errnoName, errnoText } from '../linux/errno.ts';
import { printable, quote } from './printable.ts';

/** The codes of {@linkcode LockError} that are not the name of a failed system call's `errno`. */
export type LockErrorCode =
  | 'ERR_LOCK_BUSY'
  | 'ERR_LOCK_TIMEOUT'
  | 'ERR_LOCK_DEADLOCK'
  | 'ERR_LOCK_REPLACED'
  | 'ERR_LOCK_UNSUPPORTED'
  | 'ERR_LOCK_RELEASED'
  | 'ERR_LOCK_CLOSED'
  | 'ERR_NOT_A_RUNTIME'
  | 'ERR_NOT_COPIES'
  | 'ERR_LOCK_LIMIT';

/** What a {@linkcode LockError} carries beside its message. */
export interface LockErrorDetails {
  /** One of {@linkcode LockErrorCode}, or Node's code of a failed system call, such as `ENOENT`. */
  code: LockErrorCode | (string & Record<never, never>);
  /** The negative `errno` of the system call, as in errors of `node:fs`. */
  errno?: number;
  /** The system call that failed. */
  syscall?: string;
  /** The file, as the caller named it. */
  path?: string;
  /** What lies behind it. */
  cause?: unknown;
}

/**
 * The error of every lock operation that failed for a reason outside the caller's arguments.
 *
 * `code` tells what happened and is stable; the message is for people. It is one line, which is safe to
 * print on a terminal: what a name in it could do there is escaped, as `\u001b` or, where it is not
 * UTF-8, `\xff`. `path` is the name as it is.
 *
 * | code | when |
 * |---|---|
 * | `ERR_LOCK_BUSY` | somebody holds a conflicting lock, and waiting was not asked for |
 * | `ERR_LOCK_TIMEOUT` | `timeout` ran out |
 * | `ERR_LOCK_DEADLOCK` | the kernel saw that waiting would never end, which it does only among locks of the kind `process` |
 * | `ERR_LOCK_REPLACED` | the file was deleted or replaced during the wait, and `create` was not given |
 * | `ERR_LOCK_UNSUPPORTED` | the system or the file has no such locks |
 * | `ERR_LOCK_RELEASED` | the lock was used after its end |
 * | `ERR_LOCK_CLOSED` | the engine was closed |
 * | `ERR_NOT_A_RUNTIME` | a directory is no runtime, is not whole, or nothing says that it is one |
 * | `ERR_NOT_COPIES` | a directory that is to be collected never had copies |
 * | `ERR_LOCK_LIMIT` | clients of another thread's engine have as many locks and waits as it allows them |
 * | `ENOENT`, `EACCES`, … | a system call failed; `errno`, `syscall` and `path` tell which |
 *
 * @example
 * ```ts
 * import { LockError, tryLock } from 'reflock';
 *
 * try {
 *   tryLock('/nowhere/.ref');
 * } catch (error) {
 *   if (error instanceof LockError && error.code === 'ENOENT') console.log(error.message);
 * }
 * ```
 */
export class LockError extends Error {
  /** Always `LockError`. */
  override readonly name = 'LockError';
  /** What happened. */
  readonly code: LockErrorDetails['code'];
  /** The negative `errno` of a failed system call. */
  declare readonly errno?: number;
  /** The name of the failed system call. */
  declare readonly syscall?: string;
  /** The file, as the caller named it. */
  declare readonly path?: string;

  /** Makes an error; `details` become its properties. */
  constructor(message: string, details: LockErrorDetails) {
    const { code, cause, ...place } = details;
    super(printable(message), cause === undefined ? undefined : { cause });
    this.code = code;
    Object.assign(this, place);
  }
}

/** The error of a failed system call: `Cannot lock "/a" for writing: no such file or directory`. */
export function systemError(
  action: string,
  path: string,
  syscall: string,
  errno: number,
): LockError {
  const code = errnoName(errno);
  return new LockError(`${action}: ${errnoText(errno)} (${code} from ${syscall})`, {
    code,
    errno: -errno,
    syscall,
    path,
  });
}

/** The error of a failed lock call, of which `EINVAL` means that the kernel lacks such locks. */
export function lockCallError(action: string, path: string, errno: number): LockError {
  const place = { errno: -errno, syscall: 'fcntl', path };
  if (errno === EDEADLK) {
    const message = `${action}: its holder waits for a lock of this process`;
    return new LockError(message, { code: 'ERR_LOCK_DEADLOCK', ...place });
  }
  if (errno !== EINVAL) return systemError(action, path, 'fcntl', errno);
  const others = isMainThread ? '' : ', and only the main thread can have others';
  return new LockError(
    `${action}: this kernel or filesystem has no open-file-description locks${others}`,
    { code: 'ERR_LOCK_UNSUPPORTED', ...place },
  );
}

/** The error of what cannot be done with a process-associated lock. */
export function belongsToProcess(action: string, path: string): LockError {
  return new LockError(
    `${action}: it is process-associated, and nobody else can have it or inherit it`,
    { code: 'ERR_LOCK_UNSUPPORTED', path },
  );
}

/** The beginning of every message about something that cannot be done with a lock that was had. */
export function cannotWithLock(action: string, path: string): string {
  return `Cannot ${action} the lock on ${quote(path)}`;
}

/** The error of a lock that is used after its end. */
export function endedError(action: string, path: string, how: 'released' | 'detached'): LockError {
  return new LockError(`${cannotWithLock(action, path)}: it has been ${how}`, {
    code: 'ERR_LOCK_RELEASED',
    path,
  });
}

/** The error of a lock that cannot become exclusive. */
export function upgradeError(path: string, errno: number): LockError {
  const action = cannotWithLock('upgrade', path);
  if (errno !== EBADF) return lockCallError(action, path, errno);
  return new LockError(`${action}: the file may only be read`, {
    code: 'EBADF',
    errno: -EBADF,
    syscall: 'fcntl',
    path,
  });
}

/** The error of what was asked of an engine that has been closed. */
export function closedError(path?: string): LockError {
  return new LockError('The lock engine has been closed', {
    code: 'ERR_LOCK_CLOSED',
    ...(path !== undefined && { path }),
  });
}
