/**
 * The C library, bound once a thread by koffi, without a compiler.
 *
 * Nothing is loaded at import: a program on another system may import the package and never
 * lock anything. Every function here returns what the system call returned; on -1 the cause is
 * in `errno()`, which must be read before the next call.
 */

import type { Libc } from './calls.ts';
import { loadLibc, unavailable } from './load-libc.ts';
import { withQuickCalls } from './quick-calls.ts';

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
  const { koffi, lib } = loadLibc();
  try {
    const calls: Libc = {
      openat: lib.func('openat', 'int', ['int', 'str', 'int', 'uint32_t']),
      close: lib.func('close', 'int', ['int']),
      dup3: lib.func('dup3', 'int', ['int', 'int', 'int']),
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
    throw unavailable(cause);
  }
}
