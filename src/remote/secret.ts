import { addressOf, readMemory } from '../linux/memory.ts';

/** As many bytes as nobody guesses. */
const SIZE = 16;

/**
 * Bytes that a thread can tell only if it can read the memory of the process by an address. Who can do
 * that can call libc too, and close or use any descriptor without being helped. A worker of Deno
 * without the permission `ffi` cannot.
 */
export class Secret {
  readonly #bytes = new Uint8Array(new ArrayBuffer(SIZE));
  /** Where the bytes lie. */
  readonly address: number;

  constructor() {
    crypto.getRandomValues(this.#bytes);
    this.address = addressOf(this.#bytes.buffer);
  }

  /** Whether somebody has told these bytes, as {@linkcode readSecret} gives them. */
  isTold(told: string): boolean {
    return told === toText(this.#bytes);
  }
}

/** Reads the secret of another thread, to tell it. */
export function readSecret(address: number): string {
  return toText(readMemory(address, SIZE));
}

function toText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
