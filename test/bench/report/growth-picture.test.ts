import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { growthPicture } from '../../../bench/report/growth-picture.ts';
import { markdownReport } from '../../../bench/report/markdown.ts';
import { sampleResults } from './sample-results.ts';
import { assertWellFormed } from './well-formed.ts';

const svg = (await growthPicture(sampleResults))!;

test('growthPicture() is a file by itself', () => {
  assert.match(svg, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  assert.match(svg, /^<svg [^>]*width="800" height="420"/);
  assert.not.match(svg.replace('http://www.w3.org/2000/svg', ''), /https?:|url\(|<script|<image/);
  assertWellFormed(svg);
});

test('growthPicture() has the colours of both themes, and every one that it uses', () => {
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

test('growthPicture() has a title, and names each curve', () => {
  assert.match(svg, '>What each of many waits costs<');
  for (const name of ['reflock', 'fs-native-extensions']) {
    for (const runtime of ['Node', 'Deno', 'Bun']) assert.match(svg, `>${name}, ${runtime}<`);
  }
});

test('growthPicture() gives nothing without growth to draw', async () => {
  const others = sampleResults.filter((result) => result.case !== 'many-waits-growth');
  assert.is(await growthPicture(others), undefined);
});

test('markdownReport() shows the picture that is there', () => {
  assert.match(markdownReport(sampleResults, 'a.svg'), /^# [^\n]+\n\n!\[[^\]]+\]\(a\.svg\)\n\n/);
  assert.not.match(markdownReport(sampleResults), '![');
});

test.run();
