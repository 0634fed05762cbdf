import { libc } from '../linux/libc.ts';
import { LibcUnavailable } from '../linux/load-libc.ts';
import { LockError } from './lock-error.ts';

/** Says what is the matter where libc cannot be used, before anything else is tried. */
export function requireLibc(): void {
  try {
    libc();
  } catch (cause) {
    if (!(cause instanceof LibcUnavailable)) throw cause;
    const message = `Cannot lock files: ${cause.message}`;
    throw new LockError(message, { code: 'ERR_LOCK_UNSUPPORTED', cause });
  }
}
