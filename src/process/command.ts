import { bytesOf } from '../linux/byte-text.ts';

/** A command and its arguments, as the bytes that the program gets. */
export type Command = readonly Uint8Array[];

/**
 * Gives the bytes of the words with which the command line of this program ends. They need not be
 * UTF-8, and then the JavaScript runtime has put U+FFFD into the text.
 */
export async function commandOf(words: readonly string[]): Promise<Command> {
  if (!words.some((word) => word.includes('\uFFFD'))) {
    return words.map(bytesOf);
  }
  const { ownWords } = await import('./own-words.ts');
  const own = ownWords();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return words.map((word, index) => {
    const bytes = own[own.length - words.length + index];
    return bytes !== undefined && decoder.decode(bytes) === word ? bytes : bytesOf(word);
  });
}
