/** The C library as koffi finds it, before any function of it is bound. */

import { createRequire } from 'node:module';

type Koffi = typeof import('koffi');

/** Why libc cannot be used here; its message is a whole clause without a full stop. */
export class LibcUnavailable extends Error {
  override readonly name = 'LibcUnavailable';
}

/** koffi, and the library to take functions from. */
export interface LoadedLibc {
  readonly koffi: Koffi;
  readonly lib: ReturnType<Koffi['load']>;
}

/** Why a library of functions cannot be had, for whatever reason koffi gives. */
export function unavailable(cause: unknown): LibcUnavailable {
  const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
  return new LibcUnavailable(`libc cannot be loaded through koffi: ${why}`, { cause });
}

/**
 * Loads koffi and finds libc with it.
 *
 * @throws {LibcUnavailable} on another system than Linux, on a 32-bit one, or where koffi or
 * libc cannot be loaded.
 */
export function loadLibc(): LoadedLibc {
  if (process.platform !== 'linux') {
    throw new LibcUnavailable(
      `file locks of this kind need Linux, and this is ${process.platform}`,
    );
  }
  // The layouts of `struct flock` and of its 64-bit twin differ on 32-bit systems, and none of
  // the JavaScript runtimes is built for those any longer.
  if (['arm', 'ia32', 'mips', 'mipsel', 'ppc', 's390'].includes(process.arch)) {
    throw new LibcUnavailable(`file locks of this kind need a 64-bit system, not ${process.arch}`);
  }
  try {
    // `require` and not `import`: koffi must not be touched before the first use, and the first
    // use may be a synchronous `tryLock()`.
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    return { koffi, lib: koffi.load(null) };
  } catch (cause) {
    throw unavailable(cause);
  }
}
