/** What reflock calls of libc, however it is bound. */

/** An address in memory, in whichever form the runtime takes quickest. */
export type Address = number | bigint;

/**
 * The functions of libc that reflock uses, with the C types reduced to numbers and strings. Where
 * C takes a pointer that is used again and again, an address stands for it: the
 * {@linkcode Libc.address} of a buffer, because to look it up with each call takes longer than
 * some of the calls.
 */
export interface Libc {
  readonly openat: (dirfd: number, path: string, flags: number, mode: number) => number;
  readonly close: (fd: number) => number;
  readonly dup3: (from: number, to: number, flags: number) => number;
  readonly fcntl: (fd: number, command: number, argument: Address) => number;
  /** The same for a call that waits, which must not be made twice when it was interrupted. */
  readonly fcntlWait: (fd: number, command: number, argument: Address) => number;
  readonly statx: (
    dirfd: number,
    path: string,
    flags: number,
    mask: number,
    result: Address,
  ) => number;
  /** Where the bytes of a buffer lie; they stay there as long as the buffer is referred to. */
  readonly address: (buffer: ArrayBuffer) => Address;
  readonly readlink: (path: string, result: Uint8Array, size: number) => number;
  /** The raw system call: glibc has wrappers for `gettid` and `tgkill` only since 2.30. */
  readonly syscall: (number: number, a: number, b: number, c: number) => number;
  /** Gives the earlier handler's address; `null` for the default action, 1 for "ignore". */
  readonly signal: (signal: number, handler: bigint | null) => bigint | null;
  readonly sigemptyset: (set: Uint8Array) => number;
  readonly sigaddset: (set: Uint8Array, signal: number) => number;
  readonly pthread_sigmask: (how: number, set: Uint8Array, old: null) => number;
  readonly siginterrupt: (signal: number, interrupt: number) => number;
  readonly dlsym: (handle: number, name: string) => bigint | null;
  readonly strerror: (errno: number) => string;
  /** The `errno` that the last failed call of this thread left. */
  readonly errno: () => number;
}
