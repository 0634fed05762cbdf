/**
 * The system calls of an uncontended lock through the foreign function interface that Deno and Bun
 * have built in.
 *
 * One uncontended lock is five calls of a microsecond each, and koffi's way through Node-API costs
 * more on those two than on Node: with it a lock takes 1.3 times as long as from C, without it 1.1
 * times (`npm run bench -- --case try`). Everything else stays with koffi, and all calls do where
 * the built-in interface is not to be had: Bun calls its own experimental, and Deno's needs glibc.
 */

import { createRequire } from 'node:module';
import type { Address, Libc } from './calls.ts';

type Call = (...args: Address[]) => number;
type Calls = Partial<Record<'openat' | 'close' | 'fcntl' | 'statx', Call>>;

interface Interface {
  readonly calls: Calls;
  /** Where the bytes lie, in the form that `calls` take. */
  address(buffer: Uint8Array): Address;
}

/** The longest path that the kernel takes, with its NUL. */
const PATH_MAX = 4096;

const encoder = new TextEncoder();
const pathBytes = new Uint8Array(PATH_MAX);

/** Gives the same functions, the four of them quicker where the runtime can. */
export function withQuickCalls(koffi: Libc, symbol: (name: string) => number): Libc {
  const found = open(symbol);
  const { openat, close, fcntl, statx } = found?.calls ?? {};
  if (!found || !openat || !close || !fcntl || !statx) return koffi;
  const path = found.address(pathBytes);
  return {
    ...koffi,
    address: (buffer) => found.address(new Uint8Array(buffer)),
    // The runtime may make calls of its own before one could ask for `errno`. So a call that has
    // failed is made again by koffi, which keeps it; these three do no harm when made twice.
    openat(dirfd, name, flags, mode) {
      const fd = encode(name) ? openat(dirfd, path, flags, mode) : -1;
      return fd !== -1 ? fd : koffi.openat(dirfd, name, flags, mode);
    },
    fcntl(fd, command, argument) {
      const result = fcntl(fd, command, argument);
      return result !== -1 ? result : koffi.fcntl(fd, command, argument);
    },
    statx(dirfd, name, flags, mask, result) {
      const done = encode(name) ? statx(dirfd, path, flags, mask, result) : -1;
      return done !== -1 ? done : koffi.statx(dirfd, name, flags, mask, result);
    },
    // Nobody asks why a close has failed, and a second one could hit somebody else's descriptor.
    close,
  };
}

function open(symbol: (name: string) => number): Interface | undefined {
  try {
    if (process.versions.bun) return openBun(symbol);
    if (process.versions.deno) return openDeno();
  } catch {
    // Then koffi makes these calls too.
  }
  return undefined;
}

function openBun(symbol: (name: string) => number): Interface {
  const ffi = createRequire(import.meta.url)('bun:ffi');
  const { symbols } = ffi.linkSymbols({
    openat: { args: ['i32', 'ptr', 'i32', 'u32'], returns: 'i32', ptr: symbol('openat') },
    close: { args: ['i32'], returns: 'i32', ptr: symbol('close') },
    fcntl: { args: ['i32', 'i32', 'ptr'], returns: 'i32', ptr: symbol('fcntl') },
    statx: { args: ['i32', 'ptr', 'i32', 'u32', 'ptr'], returns: 'i32', ptr: symbol('statx') },
  });
  return { calls: symbols, address: ffi.ptr };
}

function openDeno(): Interface {
  const { dlopen, UnsafePointer } = Reflect.get(globalThis, 'Deno');
  // Addresses as whole numbers: Deno takes them quicker than its `buffer` and `usize`.
  const { symbols } = dlopen('libc.so.6', {
    openat: { parameters: ['i32', 'u64', 'i32', 'u32'], result: 'i32' },
    close: { parameters: ['i32'], result: 'i32' },
    fcntl: { parameters: ['i32', 'i32', 'u64'], result: 'i32' },
    statx: { parameters: ['i32', 'u64', 'i32', 'u32', 'u64'], result: 'i32' },
  });
  return {
    calls: symbols as unknown as Calls,
    address: (bytes) => BigInt(UnsafePointer.value(UnsafePointer.of(bytes))),
  };
}

/** Puts the path and its NUL where the calls expect it; `false` when there is no room. */
function encode(path: string): boolean {
  const { read, written } = encoder.encodeInto(path, pathBytes);
  if (read < path.length || written === PATH_MAX) return false;
  pathBytes[written] = 0;
  return true;
}
