import { readProc } from './proc.ts';

/** How far what `/proc` has of a process may be looked at. */
export type Trust =
  /** It may do to this process what it likes anyway, so nothing is risked. */
  | 'ours'
  /** It may try to keep whoever looks at it. */
  | 'foreign'
  /** It sits in execve(2), perhaps for good, and keeps whoever opens its directory of descriptors. */
  | 'in exec';

/** Tells it of other processes. */
export class Trusting {
  readonly #self = userOf(readProc('self/status'));

  /**
   * Looks at a process's status, which never keeps the reader. Our own are of the same user, with
   * all of their ids, and in no pid namespace further in, as programs in containers are.
   */
  of(pid: number): Trust {
    const status = readProc(`${pid}/status`);
    // The new program's memory is there already, and nothing has been loaded into it: only what
    // comes from execve(2) has no code. Its descriptors are being closed, each as slowly as the
    // filesystem likes, and until that is done the kernel lets nobody see them (Linux 6.18).
    if (/^VmExe:\s+0 kB$/m.test(status)) return 'in exec';
    const isOurs = this.#self !== undefined && userOf(status) === this.#self;
    return isOurs && /^NSpid:\s+\d+$/m.test(status) ? 'ours' : 'foreign';
  }
}

/** The user that a process is, if all four ids are that. */
function userOf(status: string): string | undefined {
  return /^Uid:\s+(\d+)\s+\1\s+\1\s+\1$/m.exec(status)?.[1];
}
