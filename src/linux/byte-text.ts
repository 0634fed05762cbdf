/**
 * Names as texts, and back to the same bytes. The kernel's names of files and programs are bytes, and
 * need not be UTF-8: such a byte becomes half of a surrogate pair, U+DC80 to U+DCFF for 0x80 to 0xff.
 * No UTF-8 gives such a half, so no two names become the same text. (Python does the same and calls
 * it `surrogateescape`.)
 */

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

/** Where the 128 halves begin, less the least byte that stands for itself. */
const HALVES = 0xdc00;
/** Half of a pair, without the other half. */
const HALF = /\p{Cs}/u;

/** Gives bytes as text. */
export function textOf(bytes: Uint8Array): string {
  // Not by a decoder that throws: whoever makes many names that are not UTF-8 would cost much time.
  const text = decoder.decode(bytes);
  return text.includes('\uFFFD') ? byParts(bytes) : text;
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
  let begin = 0;
  for (let at = 0; at < bytes.length;) {
    const size = sizeOf(bytes, at);
    if (size > 0) at += size;
    else {
      if (begin < at) text += decoder.decode(bytes.subarray(begin, at));
      text += String.fromCharCode(HALVES + bytes[at]!);
      begin = ++at;
    }
  }
  return text + decoder.decode(bytes.subarray(begin));
}

/** How many bytes the character has that begins there; 0 if none does (RFC 3629, section 4). */
function sizeOf(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const size = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  // The shortest form only, no halves of pairs, and nothing above U+10FFFF.
  const least = { 0xe0: 0xa0, 0xf0: 0x90 }[first] ?? 0x80;
  const most = { 0xed: 0x9f, 0xf4: 0x8f }[first] ?? 0xbf;
  for (let next = 1; next < size; next++) {
    const byte = bytes[at + next] ?? 0;
    if (byte < (next === 1 ? least : 0x80) || byte > (next === 1 ? most : 0xbf)) return 0;
  }
  return size;
}
