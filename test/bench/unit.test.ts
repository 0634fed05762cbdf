import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { inWords, withSpread } from '../../bench/unit.ts';

test('inWords() gives times in microseconds, and from one millisecond on in these', () => {
  assert.is(inWords(999_900, 'nanoseconds'), '999.90 µs');
  assert.is(inWords(1_234_567, 'nanoseconds'), '1.23 ms');
  assert.is(inWords(-2_000_000, 'nanoseconds'), '-2.00 ms');
});

test('inWords() knows what is no time', () => {
  assert.is(inWords(40_120_000, 'bytes'), '40.12 MB');
  assert.is(inWords(2.5, 'percent'), '2.50 %');
  assert.is(inWords(24, 'threads'), '24 threads');
  assert.is(inWords(2.5, 'grants'), '2.50 grants');
});

test('withSpread() gives both in one unit', () => {
  assert.is(withSpread(1_500_000, 20_000, 'nanoseconds'), '1.50 ± 0.02 ms');
  assert.is(withSpread(12, 1, 'threads'), '12 ± 1 threads');
});

test.run();
