import { fileCalls } from '../src/linux/file-calls.ts';

/** A system call failed on which everything else depends. It never leaves its thread. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly syscall: string;
  readonly errno: number;

  constructor(syscall: string, errno: number) {
    super(`${syscall} failed with errno ${errno}`);
    this.syscall = syscall;
    this.errno = errno;
  }
}

/** The work was told to stop. It never leaves its thread either. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** Throws {@linkcode CallFailed} for a result of -1, unless its `errno` is one of the harmless. */
export function check(result: number, syscall: string, ...harmless: readonly number[]): number {
  if (result !== -1) return result;
  const errno = fileCalls().errno();
  if (!harmless.includes(errno)) throw new CallFailed(syscall, errno);
  return result;
}

/** The same for a call that gives 0 or `errno`. */
export function checkErrno(errno: number, syscall: string): void {
  if (errno !== 0) throw new CallFailed(syscall, errno);
}
