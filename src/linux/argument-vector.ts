import { processCalls } from './process-calls.ts';

/** The words of a command as execve(2) wants them: `argv`, a vector of pointers that NULL ends. */
export interface ArgumentVector {
  /** Where the vector lies. */
  readonly argv: number;
  /** Where the first word lies. */
  readonly file: number;
}

/** Memory whose addresses are in use: the garbage collector does not know of them. */
let inUse: ArrayBuffer | undefined;

/** Lays out words, which are bytes, since an argument need not be UTF-8; good until the next call. */
export function argumentVector(words: readonly Uint8Array[]): ArgumentVector {
  const vector = (words.length + 1) * 8;
  const size = words.reduce((sum, word) => sum + word.length + 1, vector);
  const memory = new ArrayBuffer(size);
  inUse = memory;
  const argv = processCalls().address(inUse);
  const pointers = new BigUint64Array(memory, 0, words.length + 1);
  const bytes = new Uint8Array(memory);
  let end = vector;
  for (const [index, word] of words.entries()) {
    pointers[index] = BigInt(argv + end);
    bytes.set(word, end);
    end += word.length + 1;
  }
  return { argv, file: argv + vector };
}
