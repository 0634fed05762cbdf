/** Memory of this process, which all its threads share, by its address. */

import { loadLibc, unavailable } from './load-libc.ts';

interface Memory {
  /** Copies bytes from an address into an array. */
  readonly copy: (to: Uint8Array, from: number, size: number) => void;
  readonly address: (buffer: ArrayBuffer) => number;
}

let bound: Memory | undefined;

/** Where the bytes of a buffer lie; they stay there as long as somebody refers to the buffer. */
export function addressOf(buffer: ArrayBuffer): number {
  return memory().address(buffer);
}

/** Reads what lies at an address. A wrong address ends the process. */
export function readMemory(address: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  memory().copy(bytes, address, size);
  return bytes;
}

function memory(): Memory {
  return bound ??= bind();
}

function bind(): Memory {
  const { koffi, lib } = loadLibc();
  try {
    return {
      copy: lib.func('memcpy', 'void', ['void *', 'uintptr_t', 'size_t']),
      address: (buffer) => Number(koffi.address(buffer)),
    };
  } catch (cause) {
    throw unavailable(cause);
  }
}
