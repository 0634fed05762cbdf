import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readmeChart } from '../../../bench/report/readme-chart.ts';
import { sampleResults } from './sample-results.ts';
import { assertWellFormed } from './well-formed.ts';

const svg = await readmeChart(sampleResults);

test('readmeChart() is a file by itself', () => {
  assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.match(svg, /^<svg [^>]*width="800" height="420"/);
  assert.not.match(svg.replace('http://www.w3.org/2000/svg', ''), /https?:|url\(|<script|<image/);
  assertWellFormed(svg);
});

test('readmeChart() has the colours of both themes, and every one that it uses', () => {
  const [, before, after] = svg.match(
    /<style>([^]*)@media \(prefers-color-scheme:dark\)([^]*)<\/style>/,
  )!;
  const used = new Set([...svg.matchAll(/="var\((--[\w-]+)\)"/g)].map(([, name]) => name!));
  assert.ok(used.size > 4);
  for (const name of used) {
    assert.match(before!, `${name}:#`);
    assert.match(after!, `${name}:#`);
  }
  assert.not.match(svg, /(?:fill|stroke)="(?!none"|var\()/);
});

test('readmeChart() has a title, and names each curve', () => {
  assert.match(svg, '>What each of many waits costs<');
  for (const name of ['reflock', 'fs-native-extensions']) {
    for (const runtime of ['Node', 'Deno', 'Bun']) assert.match(svg, `>${name}, ${runtime}<`);
  }
});

test('readmeChart() says what it cannot draw', async () => {
  const others = sampleResults.filter((result) => result.case !== 'many-waits-growth');
  try {
    await readmeChart(others);
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'Cannot draw the chart: no result of "many-waits-growth"');
  }
});

test.run();
