import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockError, tryLock } from '../../src/mod.ts';
import { plain, printable, quote } from '../../src/lock/printable.ts';
import { textOf } from '../../src/linux/byte-text.ts';
import { collectGarbage, removeRuntime, useRuntime } from '../../src/runtime/mod.ts';
import { toError } from '../../src/remote/failure.ts';
import { all, allShown, dangerous, RAW } from '../support/dangerous.ts';
import { rejection } from '../support/rejection.ts';
import { newPath } from '../support/temp.ts';
import { thrown } from '../support/typed-error.ts';

/** Any text, most of it of characters that must not get through; halves of pairs too. */
const texts = fc.array(
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom(...dangerous.map(([, name]) => name), '\\', '"', '\\u001b', '\\xff', '…'),
    fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit)),
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  ),
  { maxLength: 12 },
).map((parts) => parts.join(''));

/** What a reader of a message makes of it. */
function unescape(shown: string): string {
  const meant: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };
  return shown.replace(
    /\\(?:u(.{4})|x(..)|(.))/gs,
    (_, unit, byte, one) =>
      one === undefined
        ? String.fromCharCode(parseInt(unit ?? byte, 16) + (byte === undefined ? 0 : 0xdc00))
        : meant[one]!,
  );
}

test('nothing gets through that does something to a terminal, and nothing else changes', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const shown = printable(text);
      assert.not.match(shown, RAW);
      assert.is(printable(shown), shown);
      if (!RAW.test(text)) assert.is(shown, text);
    }),
    { numRuns: 5000 },
  );
});

test('a name can be read back from what is shown of it, so no two look alike', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const shown = plain(text);
      assert.not.match(shown, RAW);
      assert.is(unescape(shown), text);
      assert.is(quote(text), `"${shown}"`);
    }),
    { numRuns: 5000 },
  );
});

test('JSON that was made printable is the same JSON', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const json = printable(JSON.stringify({ [text]: [text] }));
      assert.not.match(json, RAW);
      assert.equal(JSON.parse(json), { [text]: [text] });
    }),
    { numRuns: 5000 },
  );
});

for (const [what, name, shown] of dangerous) {
  test(`${what} is shown as ${shown}`, () => {
    assert.is(printable(name), shown);
    assert.is(quote(name), `"${shown}"`);
  });
}

test('a byte that is not UTF-8 is shown as \\xff', () => {
  assert.is(quote(textOf(Uint8Array.of(0x61, 0xff, 0x80))), '"a\\xff\\x80"');
});

test('a long path is shortened between characters', () => {
  const path = '\u{1F980}'.repeat(301);
  assert.is(quote(path), `"${'\u{1F980}'.repeat(140)}…${'\u{1F980}'.repeat(140)}"`);
  assert.is(quote(all + 'x'.repeat(300)).length, allShown.length + 2 + 280 - all.length + 2);
});

test('errors of the library are one safe line, and have the true path', async () => {
  const path = newPath() + all;
  const errors = [
    thrown(() => tryLock(path)),
    await rejection(useRuntime(path)),
    await rejection(removeRuntime(path)),
    await rejection(collectGarbage(path)),
  ];
  for (const error of errors) {
    assert.ok(error instanceof LockError, String(error));
    assert.not.match(error.message, RAW);
    assert.ok(error.message.includes(allShown), error.message);
    assert.is(error.path, path);
    // What a program prints that does not catch it.
    assert.not.match(error.stack!.split('\n')[0]!, RAW);
  }
});

test('errors about options are one safe line, whatever was given', async () => {
  const errors = [all, [all], { toString: () => all }].flatMap((value) => [
    thrown(() => tryLock('x', { mode: value as 'shared' })),
    thrown(() => tryLock('x', { at: value as number })),
  ]);
  errors.push(thrown(() => tryLock(`${all}\0`)));
  errors.push(await rejection(collectGarbage('x', { currentDeployments: [all] })));
  for (const error of errors) {
    assert.not.match((error as Error).message, RAW);
    assert.ok((error as Error).message.includes(allShown), (error as Error).message);
  }
});

test('errors that other code has made are one safe line in an error of the library', () => {
  assert.is(new LockError(`no thread: ${all}`, { code: 'EIO' }).message, `no thread: ${allShown}`);
  for (const type of ['LockError', 'Error', 'TypeError'] as const) {
    const error = toError({ type, message: all, details: { code: 'EIO', path: all } }) as LockError;
    assert.is(error.message, allShown);
    assert.is(error.path, all);
  }
});

test.run();
