import type { Result } from '../result.ts';
import type { Chart } from './charts/chart.ts';
import { charts } from './charts/charts.ts';
import { swatch } from './charts/swatch.ts';
import { escape } from './escape.ts';
import { pageStyle } from './page-style.ts';
import { tableHtml, textsHtml } from './table-html.ts';
import { sections } from './tables/sections.ts';
import type { Section, Table } from './tables/table.ts';

/** Writes the report as a web page, which needs nothing else: no network and no script. */
export async function htmlReport(results: readonly Result[]): Promise<string> {
  const parts = sections(results);
  const drawn = await charts(results);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Benchmarks of reflock</title>
<style>
${pageStyle()}</style>
</head>
<body>
<header>
<h1>Benchmarks of reflock</h1>
<p>What locks cost with reflock, and with others that do the same work, measured in turn.</p>
<nav aria-label="Contents">
<ul>
${parts.map(contents).join('\n')}
</ul>
</nav>
</header>
<main>
${parts.map((part) => sectionHtml(part, drawn)).join('\n')}
</main>
</body>
</html>
`;
}

/** Of many tables that are folded away only the section is named. */
function contents({ id, title, tables }: Section): string {
  const links = tables.map((table) => `<li>${link(table)}</li>`).join('');
  const inside = tables.length < 2 || isFolded(id) ? '' : `<ul>${links}</ul>`;
  return `<li>${link({ id, title })}${inside}</li>`;
}

function link({ id, title }: { id: string; title: string }): string {
  return `<a href="#${escape(id)}">${escape(title)}</a>`;
}

/** Whether the tables of a section are opened one by one: they are many, and few read them all. */
function isFolded(id: string): boolean {
  return id === 'usage';
}

function sectionHtml({ id, title, about, list, tables }: Section, drawn: readonly Chart[]): string {
  const show = isFolded(id) ? foldedHtml : partHtml;
  return `<section id="${escape(id)}">
<h2>${escape(title)}</h2>
${about === undefined ? '' : `<p class="about">${escape(about)}</p>`}
${list === undefined ? '' : textsHtml(list)}
${figures(id, drawn)}
${tables.map((table) => show(table, drawn)).join('\n')}
</section>`;
}

function partHtml(table: Table, drawn: readonly Chart[]): string {
  const { id, title, about, notes = [] } = table;
  return `<h3 id="${escape(id)}">${escape(title)}</h3>
${about === undefined ? '' : `<p class="about">${escape(about)}</p>`}
${figures(id, drawn)}
${tableHtml(table)}
${textsHtml(notes.map((text) => ({ text })), 'notes')}`;
}

function foldedHtml(table: Table): string {
  return `<details id="${escape(table.id)}"><summary>${escape(table.title)}</summary>
${tableHtml(table)}
</details>`;
}

function figures(table: string, drawn: readonly Chart[]): string {
  return drawn.filter((chart) => chart.table === table).map(figure).join('\n');
}

function figure({ caption, wide, narrow, legend }: Chart): string {
  const entries = legend.map(({ text, style }) => `<li>${swatch(style)}${escape(text)}</li>`);
  return `<figure>
<figcaption>${escape(caption)}</figcaption>
<ul class="legend">${entries.join('')}</ul>
<div class="wide">${wide}</div>
<div class="narrow">${narrow}</div>
</figure>`;
}
