import { ownWords } from '../process/own-words.ts';
import { Failure, USAGE } from './failure.ts';

/**
 * Makes sure that words are what was typed. Where an argument is not UTF-8, the JavaScript runtime
 * has put U+FFFD into it, and that may be the name of another file.
 *
 * @throws {Failure} 64.
 */
export function checkUtf8(words: readonly string[]): void {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const typed = ownWords().flatMap((bytes) => {
    try {
      return [strict.decode(bytes)];
    } catch {
      return [];
    }
  });
  for (const word of words) {
    // The value of an option may follow a "=".
    if (!word.includes('\uFFFD') || typed.some((text) => text.endsWith(word))) continue;
    throw new Failure(
      USAGE,
      `The argument ${JSON.stringify(word)} is not UTF-8, as names must be here`,
    );
  }
}
