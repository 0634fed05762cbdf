import { escape } from './escape.ts';
import type { Cell, Line, Row, Table } from './tables/table.ts';

/**
 * Writes a table in HTML. The roles are told although elements have them: a browser forgets them
 * where the style sheet puts the cells of a row below each other.
 */
export function tableHtml({ title, head, rows, narrow }: Table): string {
  const hasHead = head.some((name) => name !== '');
  const isGrouped = rows.some(({ group }) => group !== undefined);
  return `<table role="table" class="${narrow}${isGrouped ? ' grouped' : ''}" aria-label="${
    escape(title)
  }">
${hasHead ? headHtml(head) : ''}
<tbody role="rowgroup">
${rows.map((row, index) => rowHtml(row, rows[index - 1], head)).join('\n')}
</tbody>
</table>`;
}

function headHtml(head: readonly string[]): string {
  const names = head.map((name) =>
    name === ''
      ? '<td role="cell"></td>'
      : `<th role="columnheader" scope="col">${escape(name)}</th>`
  );
  return `<thead role="rowgroup"><tr role="row">${names.join('')}</tr></thead>`;
}

/** A row; before the first one of a group there is a row with its name. */
function rowHtml(
  { group, name, cells }: Row,
  before: Row | undefined,
  head: readonly string[],
): string {
  const opens = group !== undefined && group !== before?.group;
  const heading = opens
    ? `<tr role="row" class="group"><th role="rowheader" scope="rowgroup" ` +
      `colspan="${head.length}">${escape(group)}</th></tr>\n`
    : '';
  const data = cells.map((cell, index) => cellHtml(cell, head[index + 1]!));
  return `${heading}<tr role="row"><th role="rowheader" scope="row">${escape(name)}</th>` +
    `${data.join('')}</tr>`;
}

function cellHtml(cell: Cell, column: string): string {
  return `<td role="cell" data-column="${escape(column)}">${cell.map(lineHtml).join('')}</td>`;
}

function lineHtml({ text, missed = false }: Line): string {
  return `<span${missed ? ' class="missed"' : ''}>${escape(text)}</span>`;
}

/** Writes texts as a list; nothing if there is none. */
export function textsHtml(texts: readonly Line[], name = 'list'): string {
  if (texts.length === 0) return '';
  const items = texts.map(({ text, missed = false }) =>
    `<li${missed ? ' class="missed"' : ''}>${escape(text)}</li>`
  );
  return `<ul class="${name}">${items.join('')}</ul>`;
}
