import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf, textOf } from '../../src/linux/byte-text.ts';

test('any bytes become a text that gives the same bytes again', () => {
  const nearlyUtf8 = fc.array(fc.oneof(
    fc.uint8Array({ maxLength: 3 }),
    fc.string({ unit: 'grapheme', maxLength: 3 }).map((text) => new TextEncoder().encode(text)),
    // The first bytes of longer characters, overlong ones, and surrogates in UTF-8.
    fc.constantFrom([0xe2, 0x80], [0xf0, 0x9f], [0xc0, 0xaf], [0xed, 0xb2, 0x80], [0xf5, 0x80])
      .map((bytes) => Uint8Array.from(bytes)),
  )).map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));
  fc.assert(
    fc.property(nearlyUtf8, (bytes) => {
      assert.equal([...bytesOf(textOf(bytes))], [...bytes]);
    }),
    { numRuns: 2000 },
  );
});

test('what is UTF-8 becomes the text that it is, and any text the bytes that it has', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
    assert.is(textOf(new TextEncoder().encode(text)), text);
    assert.equal([...bytesOf(text)], [...new TextEncoder().encode(text)]);
  }));
  assert.is(textOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), '\ufeffa');
});

test('every beginning of four bytes is UTF-8 for us where it is for a strict decoder', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  // The first and the last of every range that a byte of a character can be in.
  const bounds = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
  for (let first = 0x80; first <= 0xff; first++) {
    for (const second of bounds) {
      for (const third of bounds) {
        for (const length of [1, 2, 3, 4]) {
          const bytes = Uint8Array.of(first, second, third, 0x80).subarray(0, length);
          let text: string | undefined;
          try {
            text = strict.decode(bytes);
          } catch {
            // Not UTF-8.
          }
          if (text === undefined) assert.match(textOf(bytes), /\p{Cs}/u, String(bytes));
          else assert.is(textOf(bytes), text);
        }
      }
    }
  }
  assert.is(textOf(Uint8Array.of(0xef, 0xbf, 0xbd, 0xff)), '\ufffd\udcff');
});

test('a byte that is not UTF-8 is half of a pair, also one that a character was cut off at', () => {
  assert.is(textOf(Uint8Array.of(0x61, 0xff, 0xfe, 0x62)), 'a\udcff\udcfeb');
  assert.is(textOf(Uint8Array.of(0xc3, 0xa9, 0xc3)), 'é\udcc3');
  assert.is(textOf(Uint8Array.of(0xf0, 0x9f, 0x98)), '\udcf0\udc9f\udc98');
});

test.run();
