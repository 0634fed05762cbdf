import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { charts } from '../../../bench/report/charts/charts.ts';
import { looks } from '../../../bench/report/charts/style.ts';
import { rangeOf, roundTicks, tickText, withRoom } from '../../../bench/report/charts/ticks.ts';
import { dark, light } from '../../../bench/report/theme.ts';
import { sampleResults } from './sample-results.ts';
import { assertWellFormed } from './well-formed.ts';

const drawn = await charts(sampleResults);
const pictures = drawn.flatMap(({ wide, narrow }) => [wide, narrow]);

test('charts() draws ratios to peers, growth, and what p99 is told of', () => {
  assert.equal(drawn.map(({ table }) => table), ['peers', 'growth-many-waits-growth', 'case-hold']);
  const [ratios, growth, distribution] = drawn;
  assert.equal(ratios!.legend.map(({ text }) => text), ['Node', 'Deno', 'Bun']);
  assert.equal(growth!.legend.map(({ text }) => text).slice(2, 4), [
    'reflock, Bun: exponent 1.20',
    'fs-native-extensions, Node: exponent 1.50',
  ]);
  assert.is(distribution!.legend[0]!.text, 'reflock');
  assert.is(distribution!.legend.length, 5);
});

test('charts() takes every colour from the theme', () => {
  assert.is(pictures.length, 6);
  for (const svg of pictures) {
    const colours = [...svg.matchAll(/(?:fill|stroke)="([^"]*)"/g)].map(([, value]) => value!);
    assert.ok(colours.length > 20);
    for (const one of colours) {
      const name = one.match(/^var\(--([\w-]+)\)$/)?.[1];
      assert.ok(one === 'none' || (name && name in light && name in dark), one);
    }
    assert.not.match(svg, /#[0-9a-f]{3}|rgb/i);
    assertWellFormed(svg);
  }
});

test('a growth chart has a line for each series on each runtime, and points for its sizes', () => {
  const [, growth] = drawn;
  const lines = growth!.wide.match(
    /<path d="M[^"]*" fill="none" stroke="var\(--(accent|peer-\d)\)"/g,
  );
  // Each of the six lines has four points, and each of these a bar.
  assert.is(lines!.filter((line) => line.match(/L/g)!.length === 3).length, 6);
  assert.is(lines!.filter((line) => line.match(/L/g)!.length === 1).length, 24);
  for (const label of ['>10<', '>100<', '>1,000<', '>10,000<', '>waits<']) {
    assert.match(growth!.wide, label);
    assert.match(growth!.narrow, label);
  }
});

test('looks() gives nobody the look of somebody else', () => {
  const names = Array.from({ length: 18 }, (_, index) => `peer ${index}`);
  const given = [...looks(['reflock', 'reflock, remote', 'C', ...names, 'reflock']).values()];
  assert.is(new Set(given.map((look) => JSON.stringify(look))).size, 21);
  assert.is(given[0]!.colour, 'var(--accent)');
});

/** An axis. */
function room(min: number, max: number, length: number) {
  return { range: [min, max] as const, length, fontSize: 12, tell: (at: number) => `${at} waits` };
}

test('withRoom() leaves out labels that would overlap', () => {
  assert.equal(withRoom([1, 10, 100, 1000], room(1, 1000, 600)), [1, 10, 100, 1000]);
  assert.equal(withRoom([1, 10, 100, 1000], room(1, 1000, 200)), [1, 100]);
  assert.equal(withRoom([1, 10, 100, 1000], room(1, 1000, 20)), [1]);
});

test('roundTicks() are few, in the range, and not on top of each other', () => {
  assert.equal(roundTicks(room(15, 220, 900)), [20, 50, 100, 200]);
  assert.equal(roundTicks(room(8, 220, 200)), [10, 100]);
  assert.equal(roundTicks(room(15, 220, 200)), [20, 100]);
  assert.equal(roundTicks(room(0.5, 2e5, 900)), [1, 10, 100, 1000, 1e4, 1e5]);
});

test('rangeOf() has all values between its ends that have a place on a logarithmic axis', () => {
  const [min, max] = rangeOf([NaN, 0, -1, 10, 1000, Infinity]);
  assert.ok(min < 10 && min > 5 && max > 1000 && max < 2000);
  assert.ok(rangeOf([])[0] > 0);
});

test('tickText() is short', () => {
  const texts = [500, 2000, 1e7, 3e9].map((value) => tickText(value, 'nanoseconds'));
  assert.equal(texts, ['500 ns', '2 µs', '10 ms', '3 s']);
  assert.is(tickText(5e6, 'bytes'), '5 MB');
});

test.run();
