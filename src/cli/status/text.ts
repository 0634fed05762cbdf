import Table from 'cli-table3';
import { plain } from '../../lock/printable.ts';
import type { Colors } from '../colors.ts';
import { counted } from '../counted.ts';
import type { Line } from '../line.ts';
import type { FileReport, StatusReport } from './report.ts';

/** How the text is laid out. */
export interface Layout {
  readonly colors: Colors;
  /** Columns and rows of the terminal, if it is one. */
  readonly size?: { readonly columns: number; readonly rows: number } | undefined;
}

const HEAD = ['KIND', 'MODE', 'STATE', 'PID', 'COMMAND', 'FILE'];
const STATE = 2;
/** Below that a path says nothing. */
const NARROWEST_PATH = 12;
/** Between two columns. */
const GAP = '  ';

/** The table of all locks, and below it what cannot be seen. */
export function statusLines(report: StatusReport, layout: Layout): Line[] {
  const rows = report.files.flatMap(rowsOf);
  const end = endOf(report);
  const shown = layout.size ? rows.slice(0, Math.max(1, layout.size.rows - end.length - 3)) : rows;
  if (shown.length < rows.length) end.unshift(`… and ${rows.length - shown.length} more`);
  const table = rows.length === 0 ? [] : tableLines(shown, layout);
  return [...table, ...end];
}

type Row = readonly [string, string, string, string, string, string];

function rowsOf({ path, holders, unseen }: FileReport): Row[] {
  const what = (one: { kind: string; mode?: string; waiting: boolean }) =>
    [
      one.kind === 'ofd' ? 'OFD' : 'POSIX',
      one.mode ?? '?',
      one.waiting ? 'waits' : 'holds',
    ] as const;
  return [
    ...holders.map((one): Row => [...what(one), String(one.pid), plain(one.command), plain(path)]),
    ...unseen.map((one): Row => [...what(one), '?', '?', plain(path)]),
  ];
}

function tableLines(rows: readonly Row[], { colors, size }: Layout): Line[] {
  const widths = HEAD.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length))
  );
  const before = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const room = size === undefined ? Infinity : Math.max(NARROWEST_PATH, size.columns - before);
  const table = new Table({
    head: [...HEAD],
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    chars: { ...NO_BORDERS, middle: GAP },
    colAligns: ['left', 'left', 'left', 'right', 'left', 'left'],
  });
  for (const [kind, mode, state, pid, command, path] of rows) {
    table.push([kind, mode, state, pid, command, ending(path, room)]);
  }
  const [head, ...lines] = table.toString().replace(/ +$/gm, '').split('\n');
  // Coloured only here, so that nothing which a colour is put into has to be trusted.
  const at = widths[0]! + widths[1]! + 2 * GAP.length;
  return [
    colors.bold(head!),
    ...lines.map((line, index) => {
      const state = rows[index]![STATE];
      const color = state === 'waits' ? colors.yellow : colors.green;
      return [line.slice(0, at), color(state), line.slice(at + state.length)];
    }),
  ];
}

const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((part) => [`${side}${part}`, ''])
  ),
);

/** The end of a path says more than its beginning. */
function ending(path: string, room: number): string {
  if (path.length <= room) return path;
  const characters = Array.from(path);
  return characters.length <= room ? path : `…${characters.slice(1 - room).join('')}`;
}

function endOf({ files, unreadable, tooMany }: StatusReport): string[] {
  const lines: string[] = [];
  const locked = files.filter(({ holders, unseen }) => holders.length + unseen.length > 0);
  if (locked.length === 0) {
    lines.push(`nobody has a lock on ${files.length === 1 ? plain(files[0]!.path) : among(files)}`);
  }
  const unseen = files.flatMap((file) => file.unseen).length;
  if (unseen > 0) {
    const whose =
      "of processes that cannot be seen from here: other users', or in other namespaces";
    lines.push(`? ${counted(unseen, 'lock')} ${whose}`);
  }
  if (tooMany) {
    lines.push(
      'this machine has too many locks to find more than those whose processes can be seen',
    );
  }
  if (unreadable.length > 0) {
    lines.push(`${counted(unreadable.length, 'entry', 'entries')} cannot be looked into`);
  }
  return lines;
}

function among(files: readonly FileReport[]): string {
  return files.length === 0 ? 'any file: there is no .ref' : `any of ${files.length} files`;
}
