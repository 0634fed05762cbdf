/**
 * Names as texts, and back to the same bytes. The kernel's names of files and programs are bytes, and
 * need not be UTF-8: such a byte becomes half of a surrogate pair, U+DC80 to U+DCFF for 0x80 to 0xff.
 * No UTF-8 gives such a half, so no two names become the same text. (Python does the same and calls
 * it `surrogateescape`.)
 */

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Where the 128 halves begin, less the least byte that stands for itself. */
const HALVES = 0xdc00;
/** Half of a pair, without the other half. */
const HALF = /\p{Cs}/u;

/** Gives bytes as text. */
export function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return byParts(bytes);
  }
}

/** Gives the bytes of a text; half of a pair that stands for no byte becomes U+FFFD. */
export function bytesOf(text: string): Uint8Array {
  if (!HALF.test(text)) return encoder.encode(text);
  const parts = Array.from(text, (character) => {
    const byte = byteOf(character);
    return byte === undefined ? [...encoder.encode(character)] : [byte];
  });
  return Uint8Array.from(parts.flat());
}

/** The byte that half of a pair stands for, or `undefined` for every other character. */
export function byteOf(character: string): number | undefined {
  const byte = character.codePointAt(0)! - HALVES;
  return byte >= 0x80 && byte <= 0xff ? byte : undefined;
}

function byParts(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const size = sizeOf(bytes[at]!);
    try {
      text += strict.decode(bytes.subarray(at, at + size));
      at += size;
    } catch {
      text += String.fromCharCode(HALVES + bytes[at]!);
      at++;
    }
  }
  return text;
}

/** How many bytes a character has that begins with this one, if it is UTF-8. */
function sizeOf(first: number): number {
  if (first < 0xc0) return 1;
  if (first < 0xe0) return 2;
  return first < 0xf0 ? 3 : 4;
}
