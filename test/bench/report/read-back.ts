/** What a cell of a table says, line by line. */
type Cell = string[];

/** The tables of a web page, row by row; the name of a group is put before those of its rows. */
export function tablesOfHtml(html: string): Cell[][][] {
  return [...html.matchAll(/<table[^]*?<\/table>/g)].map(([table]) => {
    let group = '';
    return [...table.matchAll(/<tr[^]*?<\/tr>/g)].flatMap(([row]) => {
      const cells = [...row.matchAll(/<t[hd][^>]*>([^]*?)<\/t[hd]>/g)].map(([, cell]) =>
        cell!.split('</span>').map(textOfHtml).filter((line) => line !== '')
      );
      if (row.includes('class="group"')) {
        group = cells[0]![0]!;
        return [];
      }
      return [group === '' ? cells : [[`${group}, ${cells[0]![0]}`], ...cells.slice(1)]];
    });
  });
}

/** The text that a browser shows of HTML. */
export function textOfHtml(html: string): string {
  return html.replace(/<[^>]*>/g, '').replace(/&lt;/g, '<').replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"').replace(/&#39;/g, "'").replace(/&amp;/g, '&');
}

/** The tables of a Markdown file, row by row, without heads that have no names. */
export function tablesOfMarkdown(markdown: string): Cell[][][] {
  const tables = markdown.split('\n\n').filter((block) => block.startsWith('|'));
  return tables.map((table) =>
    table.split('\n').filter((_, index) => index !== 1).map((row) =>
      row.slice(2, -2).split(/ \| | (?=\|$)/).map((cell) =>
        cell.split('<br>').map(textOfMarkdown).filter((line) => line !== '')
      )
    ).filter((row) => row.some((cell) => cell.length > 0))
  );
}

/** The text that is shown of Markdown. */
export function textOfMarkdown(markdown: string): string {
  return markdown.replace(/^\*\*(.*)\*\*$/, '$1').replace(/\\(.)/g, '$1')
    .replace(/&lt;/g, '<').replace(/&amp;/g, '&').trim();
}
