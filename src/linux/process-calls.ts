/**
 * The calls of libc by which programs are started and looked after, bound apart from those for
 * locks: a wrapper without locks needs no others.
 *
 * Bun has them through its own interface, which is there in a millisecond. koffi takes ten on Bun,
 * twice as long as Bun itself takes to start.
 */

import { createRequire } from 'node:module';
import { loadLibc, unavailable } from './load-libc.ts';

/** Memory that a call reads or fills, or NULL. */
type Memory = Uint8Array | Uint32Array | Int32Array | BigUint64Array | null;

/** What they are called in C, with pointers to typed arrays, and addresses as numbers. */
export interface ProcessCalls {
  /** Gives 0 or the error's number itself; `argv` and `envp` are addresses. */
  readonly posix_spawnp: (
    pid: Memory,
    file: number,
    actions: Memory,
    attributes: Memory,
    argv: number,
    envp: number,
  ) => number;
  readonly posix_spawnattr_init: (attributes: Memory) => number;
  readonly posix_spawnattr_destroy: (attributes: Memory) => number;
  readonly posix_spawnattr_setflags: (attributes: Memory, flags: number) => number;
  readonly posix_spawnattr_setsigdefault: (attributes: Memory, set: Memory) => number;
  readonly posix_spawnattr_setsigmask: (attributes: Memory, set: Memory) => number;
  readonly execvp: (file: number, argv: number) => number;
  readonly waitpid: (pid: number, status: Memory, options: number) => number;
  readonly getppid: () => number;
  readonly prctl: (option: number, value: number) => number;
  readonly syscall: (number: number, a: number, b: number, c: number) => number;
  readonly fcntl: (fd: number, command: number, argument: number) => number;
  readonly open: (path: Memory, flags: number) => number;
  readonly dup3: (from: number, to: number, flags: number) => number;
  readonly statx: (fd: number, path: Memory, flags: number, mask: number, out: Memory) => number;
  readonly close: (fd: number) => number;
  readonly pipe2: (ends: Memory, flags: number) => number;
  readonly read: (fd: number, bytes: Memory, size: number) => number;
  /** In `struct sigaction`, the handler comes first: 0 for the default action, 1 for "ignore". */
  readonly sigaction: (signal: number, action: Memory, old: Memory) => number;
  readonly pthread_sigmask: (how: number, set: Memory, old: Memory) => number;
  /** Where the bytes of a buffer lie; they stay there as long as the buffer is referred to. */
  readonly address: (buffer: ArrayBuffer) => number;
  /** The value of libc's `environ`, as an address. */
  readonly environment: () => number;
  /** The `errno` that the last failed call left. */
  readonly errno: () => number;
}

let bound: ProcessCalls | undefined;

/**
 * Gives these calls, binding them on the first use.
 *
 * @throws {LibcUnavailable} where libc cannot be used.
 */
export function processCalls(): ProcessCalls {
  return bound ??= bindByBun() ?? bindByKoffi();
}

/** Arguments and result: `m` memory, `a` an address, `i` an int, `l` a long. */
const signatures = {
  posix_spawnp: ['m', 'a', 'm', 'm', 'a', 'a', 'i'],
  posix_spawnattr_init: ['m', 'i'],
  posix_spawnattr_destroy: ['m', 'i'],
  posix_spawnattr_setflags: ['m', 'i', 'i'],
  posix_spawnattr_setsigdefault: ['m', 'm', 'i'],
  posix_spawnattr_setsigmask: ['m', 'm', 'i'],
  execvp: ['a', 'a', 'i'],
  waitpid: ['i', 'm', 'i', 'i'],
  getppid: ['i'],
  prctl: ['i', 'l', 'i'],
  syscall: ['l', 'l', 'l', 'l', 'l'],
  fcntl: ['i', 'i', 'l', 'i'],
  open: ['m', 'i', 'i'],
  dup3: ['i', 'i', 'i', 'i'],
  statx: ['i', 'm', 'i', 'i', 'm', 'i'],
  close: ['i', 'i'],
  pipe2: ['m', 'i', 'i'],
  read: ['i', 'm', 'l', 'l'],
  sigaction: ['i', 'm', 'm', 'i'],
  pthread_sigmask: ['i', 'm', 'm', 'i'],
  memcpy: ['m', 'a', 'l', 'a'],
  dlsym: ['a', 'm', 'a'],
} as const;

type Name = keyof typeof signatures;
type Bound = Record<Name, (...args: unknown[]) => number>;

function bindByKoffi(): ProcessCalls {
  const { koffi, lib } = loadLibc();
  const types = { m: 'void *', a: 'intptr_t', i: 'int', l: 'intptr_t' };
  try {
    const calls = bindAll((name, signature) => {
      const [result, ...args] = [...signature].reverse().map((letter) => types[letter]);
      return lib.func(name, result!, args.reverse());
    });
    return complete(calls, (buffer) => Number(koffi.address(buffer)), koffi.errno);
  } catch (cause) {
    throw unavailable(cause);
  }
}

/** Gives `undefined` on other runtimes, and where Bun's experimental interface has gone. */
function bindByBun(): ProcessCalls | undefined {
  if (!process.versions.bun) return undefined;
  const types = { m: 'ptr', a: 'ptr', i: 'i32', l: 'i64_fast' };
  try {
    const { dlopen, ptr, read } = createRequire(import.meta.url)('bun:ffi');
    const described = bindAll((_name, signature) => {
      const all = signature.map((letter) => types[letter]);
      return { args: all.slice(0, -1), returns: all.at(-1) };
    });
    const { symbols } = dlopen('libc.so.6', {
      ...described,
      __errno_location: { args: [], returns: 'ptr' },
    });
    return complete(symbols, ptr, () => read.i32(symbols.__errno_location()));
  } catch {
    return undefined;
  }
}

function bindAll<T>(
  bind: (name: Name, signature: readonly ('m' | 'a' | 'i' | 'l')[]) => T,
): Record<Name, T> {
  const entries = Object.entries(signatures) as [Name, readonly ('m' | 'a' | 'i' | 'l')[]][];
  return Object.fromEntries(
    entries.map(([name, signature]) => [name, bind(name, signature)]),
  ) as Record<Name, T>;
}

function complete(
  { memcpy, dlsym, ...calls }: Bound,
  address: ProcessCalls['address'],
  errno: () => number,
): ProcessCalls {
  const environment = (): number => {
    const variable = dlsym(0, new TextEncoder().encode('environ\0'));
    const value = new BigUint64Array(1);
    memcpy(new Uint8Array(value.buffer), variable, 8);
    return Number(value[0]);
  };
  return { ...calls, address, environment, errno } as ProcessCalls;
}
