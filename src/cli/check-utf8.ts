import { textOf } from '../linux/byte-text.ts';
import { quote } from '../lock/printable.ts';
import { ownWords } from '../process/own-words.ts';
import { Failure, USAGE } from './failure.ts';

/**
 * Makes sure that words are what was typed. Where an argument is not UTF-8, the JavaScript runtime
 * has put U+FFFD into it, and that may be the name of another file.
 *
 * @throws {Failure} 64.
 */
export function checkUtf8(words: readonly string[]): void {
  const typed = ownWords();
  const texts = typed.map(textOf);
  for (const word of words) {
    // The value of an option may follow a "=".
    if (!word.includes('\uFFFD') || texts.some((text) => text.endsWith(word))) continue;
    throw new Failure(
      USAGE,
      `The argument ${quote(asTyped(word, typed))} is not UTF-8, as names must be here`,
    );
  }
}

/** The word with the bytes for which the runtime has put U+FFFD, if they are among those typed. */
function asTyped(word: string, typed: readonly Uint8Array[]): string {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const found = typed.flatMap((bytes) => {
    const [given, text] = [decoder.decode(bytes), textOf(bytes)];
    const before = given.slice(0, given.length - word.length);
    return given.endsWith(word) && text.startsWith(before) ? [text.slice(before.length)] : [];
  });
  return found[0] ?? word;
}
