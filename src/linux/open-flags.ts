/**
 * Flags of open(2) that `node:fs` leaves out, or that shall not need it. Each is one number on all 64-bit architectures that
 * run Node, Deno or Bun.
 */

/** To read and to write. */
export const O_RDWR = 2;
/** Programs that are started later do not inherit the descriptor. */
export const O_CLOEXEC = 0o2000000;
/** The descriptor serves to find the file again, not to read it. */
export const O_PATH = 0o10000000;
