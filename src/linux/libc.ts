/**
 * The C library, bound once a thread by koffi, without a compiler.
 *
 * Nothing is loaded at import: a program on another system may import the package and never
 * lock anything. Every function here returns what the system call returned; on -1 the cause is
 * in `errno()`, which must be read before the next call.
 */

import { createRequire } from 'node:module';
import process from 'node:process';
import type { Libc } from './calls.ts';
import { withQuickCalls } from './quick-calls.ts';

/** Why libc cannot be used here; its message is a whole clause without a full stop. */
export class LibcUnavailable extends Error {
  override readonly name = 'LibcUnavailable';
}

let bound: Libc | undefined;

/**
 * Gives the C library, loading it on the first call.
 *
 * @throws {LibcUnavailable} on another system than Linux, on a 32-bit one, or where koffi or
 * libc cannot be loaded.
 */
export function libc(): Libc {
  return bound ??= bind();
}

function bind(): Libc {
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
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const lib = koffi.load(null);
    const calls: Libc = {
      openat: lib.func('openat', 'int', ['int', 'str', 'int', 'uint32_t']),
      close: lib.func('close', 'int', ['int']),
      fcntl: lib.func('fcntl', 'int', ['int', 'int', 'intptr_t']),
      fcntlWait: lib.func('fcntl', 'int', ['int', 'int', 'intptr_t']),
      statx: lib.func('statx', 'int', ['int', 'str', 'int', 'uint32_t', 'intptr_t']),
      address: (buffer) => Number(koffi.address(buffer)),
      readlink: lib.func('readlink', 'intptr_t', ['str', 'void *', 'size_t']),
      syscall: lib.func('syscall', 'intptr_t', ['intptr_t', 'intptr_t', 'intptr_t', 'intptr_t']),
      signal: lib.func('signal', 'void *', ['int', 'void *']),
      sigemptyset: lib.func('sigemptyset', 'int', ['void *']),
      sigaddset: lib.func('sigaddset', 'int', ['void *', 'int']),
      pthread_sigmask: lib.func('pthread_sigmask', 'int', ['int', 'void *', 'void *']),
      siginterrupt: lib.func('siginterrupt', 'int', ['int', 'int']),
      dlsym: lib.func('dlsym', 'void *', ['intptr_t', 'str']),
      strerror: lib.func('strerror', 'str', ['int']),
      errno: koffi.errno,
    };
    return withQuickCalls(calls, (name) => Number(lib.symbol(name, 'void')));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new LibcUnavailable(`libc cannot be loaded through koffi: ${why}`, { cause });
  }
}
