import type { Result } from '../result.ts';
import { sections } from './tables/sections.ts';
import type { Cell, Line, Section, Table } from './tables/table.ts';

/**
 * Writes the report in Markdown: the numbers of the web page, and of its charts at most the one in the
 * file `picture` beside it.
 */
export function markdownReport(results: readonly Result[], picture?: string): string {
  const parts = [
    '# Benchmarks of reflock',
    ...picture === undefined ? [] : [`![How the cost of waits grows](${encodeURI(picture)})`],
    ...sections(results).flatMap(blocks),
  ];
  return `${parts.join('\n\n')}\n`;
}

function blocks({ title, about, list = [], tables }: Section): string[] {
  return [
    `## ${escape(title)}`,
    ...about === undefined ? [] : [escape(about)],
    ...list.length === 0 ? [] : [list.map((line) => `- ${lineText(line)}`).join('\n')],
    ...tables.flatMap(tableBlocks),
  ];
}

function tableBlocks({ title, about, head, rows, notes = [] }: Table): string[] {
  const names = head.map(escape);
  const body = rows.map(({ group, name, cells }) => [
    escape(group === undefined ? name : `${group}, ${name}`),
    ...cells.map(cellText),
  ]);
  return [
    `### ${escape(title)}`,
    ...about === undefined ? [] : [escape(about)],
    [names, names.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n'),
    ...notes.length === 0 ? [] : [notes.map((note) => `- ${escape(note)}`).join('\n')],
  ];
}

/** A cell of a table is one line of the file. */
function cellText(cell: Cell): string {
  return cell.map(lineText).join('<br>');
}

function lineText({ text, missed = false }: Line): string {
  return missed ? `**${escape(text)}**` : escape(text);
}

/** Keeps text from being read as markup. */
function escape(text: string): string {
  return text.replace(/[\\`*_[\]|~]/g, '\\$&').replace(/&/g, '&amp;').replace(/</g, '&lt;')
    .replace(/\s+/g, ' ');
}
