import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { htmlReport } from '../../../bench/report/html.ts';
import { markdownReport } from '../../../bench/report/markdown.ts';
import { textOfHtml } from './read-back.ts';
import { HOSTILE, sampleResults } from './sample-results.ts';
import { assertWellFormed } from './well-formed.ts';

const html = await htmlReport(sampleResults);

test('htmlReport() needs nothing from elsewhere', () => {
  const addresses = html.replaceAll('xmlns="http://www.w3.org/2000/svg"', '');
  assert.not.match(addresses, /https?:|\/\/[a-z]|<script|<link|@import|url\(|src=/i);
});

test('htmlReport() escapes names and reasons', () => {
  assert.not.match(html, '<b ');
  assert.not.match(html, '<uv>');
  assert.not.match(html, '<held>');
  assert.ok(textOfHtml(html).includes(HOSTILE));
  assertWellFormed(html.replace('<!doctype html>', '').replace(/<style>[^]*?<\/style>/, ''));
});

test('markdownReport() escapes names and reasons', () => {
  const markdown = markdownReport(sampleResults);
  const escaped = "&lt;b onclick='x'>\\*a\\_b\\*\\|\\`c\\`&lt;/b> &amp; \\[d\\](e)";
  assert.ok(markdown.includes(`| ${escaped} | `));
  assert.not.match(markdown, /<(?!br>)/);
});

test('htmlReport() links to every part, and no identifier is there twice', () => {
  const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  assert.is(new Set(ids).size, ids.length);
  const links = [...html.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
  assert.ok(links.length > 5);
  for (const link of links) assert.ok(ids.includes(link), link);
});

test('htmlReport() has each chart twice, with a caption and words for who does not see it', () => {
  const figures = html.match(/<figure>[^]*?<\/figure>/g)!;
  assert.is(figures.length, 3);
  for (const figure of figures) {
    assert.match(figure, /<figcaption>.{20}/);
    const charts = [...figure.matchAll(/<svg role="img" aria-label="([^"]+)" width="(\d+)"/g)];
    assert.equal(charts.map(([, , width]) => width), ['1000', '340']);
    assert.match(figure, /<div class="wide">[^]*<div class="narrow">/);
  }
  assert.match(html, /@media \(min-width:800px\)\{[^@]*\.wide\{display:block\}/);
});

test('htmlReport() says which limits are missed so that they stand out', () => {
  assert.match(html, '<li class="missed">MISSED: hold on node: 1.43 times C, more than 1</li>');
  assert.match(html, '<span class="missed">at most 1.00, MISSED</span>');
  assert.not.match(html, /class="missed">[^<]*kept/);
});

test('htmlReport() copes with one result, and with none', async () => {
  const [one] = sampleResults;
  assert.match(await htmlReport([one!]), 'Node');
  assert.match(await htmlReport([]), '<h1>');
});

test.run();
