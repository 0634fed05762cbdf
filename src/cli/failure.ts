/**
 * Exit statuses with a meaning of their own: those of sysexits.h that pressure-vessel-adverb
 * uses, and the shell's for a command that cannot be started.
 */
export const OK = 0;
/** A promise was broken, or something found that should not be. */
export const BROKEN = 1;
/** The command line makes no sense; nothing was touched. */
export const USAGE = 64;
/** Something else stands in the way. */
export const UNAVAILABLE = 69;
/** The command ended in a way that nobody knows. */
export const UNKNOWN_END = 70;
/** A lock is busy, and waiting was not asked for. */
export const BUSY = 75;
/** The command cannot be started. */
export const NOT_STARTED = 127;

/** Ends the program with a status and one line on stderr. */
export class Failure extends Error {
  /** Always `Failure`. */
  override readonly name = 'Failure';
  /** The exit status. */
  readonly status: number;

  /** `message` says action, value and state, without a full stop. */
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** The status with which an error ends the program. */
export function statusOf(error: unknown): number {
  if (error instanceof Failure) return error.status;
  // By its code, since `run` and `use` shall not load more than they need.
  return (error as { code?: unknown } | null)?.code === 'ERR_LOCK_BUSY' ? BUSY : UNAVAILABLE;
}
