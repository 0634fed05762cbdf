import { closeSync, openSync, readSync } from 'node:fs';
import { SIZE } from './stamps.ts';

/** Reads the records as they are written. */
export class Reader {
  readonly #fd: number;
  readonly #buffer = Buffer.alloc(SIZE * 16384);
  #position = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'r');
  }

  /** All records that are there and have not been read. */
  *records(): Generator<string> {
    for (;;) {
      const length = readSync(this.#fd, this.#buffer, 0, this.#buffer.length, this.#position);
      const whole = length - length % SIZE;
      if (whole === 0) return;
      this.#position += whole;
      const text = this.#buffer.toString('latin1', 0, whole);
      for (let at = 0; at < whole; at += SIZE) yield text.slice(at, at + SIZE - 1);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}
