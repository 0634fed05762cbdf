import { processCalls } from './process-calls.ts';

/** The words of a command as execve(2) wants them: `argv`, a vector of pointers that NULL ends. */
export interface ArgumentVector {
  /** Where the vector lies. */
  readonly argv: number;
  /** Where the first word lies. */
  readonly file: number;
  /** To be referred to for as long as the addresses are used. */
  readonly memory: ArrayBuffer;
}

/** Lays out words, which are bytes: an argument need not be UTF-8. */
export function argumentVector(words: readonly Uint8Array[]): ArgumentVector {
  const vector = (words.length + 1) * 8;
  const size = words.reduce((sum, word) => sum + word.length + 1, vector);
  const memory = new ArrayBuffer(size);
  const argv = processCalls().address(memory);
  const pointers = new BigUint64Array(memory, 0, words.length + 1);
  const bytes = new Uint8Array(memory);
  let end = vector;
  for (const [index, word] of words.entries()) {
    pointers[index] = BigInt(argv + end);
    bytes.set(word, end);
    end += word.length + 1;
  }
  return { argv, file: argv + vector, memory };
}
