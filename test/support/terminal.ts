import { type Program, start } from './process.ts';
import { root, scriptCommand } from './runtime.ts';

/** A program on a terminal. */
export interface TerminalProgram {
  /** What runs it; its stdin is the keyboard. */
  readonly program: Program;
  /** Everything that has been written on the terminal so far, as it is. */
  written(): string;
}

/** Starts the command line with a terminal for stdin, stdout and stderr. */
export function reflockOnTerminal(...args: string[]): TerminalProgram {
  return startOnTerminal('src/cli/main.ts', args);
}

/** The same for any script of this project. */
export function startOnTerminal(script: string, args: readonly string[] = []): TerminalProgram {
  const command = [...scriptCommand(script), ...args];
  const program = start(['python3', `${root}/test/fixtures/on-terminal.py`, ...command]);
  let written = '';
  program.child.stdout!.on('data', (data) => written += data);
  return { program, written: () => written };
}

/**
 * What the lines of a terminal show after all this was written on it. Knows only what a plain
 * progress bar needs (and Deno, which clears lines that it never wrote), and throws at all else, such
 * as colours.
 */
export function shownLines(written: string): string[] {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  let saved: [number, number] = [0, 0];
  // deno-lint-ignore no-control-regex
  const parts = /\x1b\[\?7[lh]|\x1b\[(\d*)(\D)|\x1b.|[^\x1b]/gs;
  for (const [part, count = '', code] of written.matchAll(parts)) {
    // Whether lines are cut or wrapped; none here is too long.
    if (part.startsWith('\x1b[?7')) continue;
    const line = lines[row]!;
    if (part === '\x1b7') saved = [row, column];
    else if (part === '\x1b8') [row, column] = saved;
    else if (code === 'G') column = Math.max(0, Number(count) - 1);
    else if (code === 'K' && count === '2') lines[row] = '';
    else if (code === 'K' && Number(count) === 0) lines[row] = line.slice(0, column);
    else if (code === 'J' && Number(count) === 0) {
      lines.splice(row, Infinity, line.slice(0, column));
    } else if (part === '\r') column = 0;
    else if (part === '\n') lines[++row] ??= '';
    else if (part.startsWith('\x1b')) throw new Error(`unknown sequence ${JSON.stringify(part)}`);
    else {
      lines[row] = line.slice(0, column).padEnd(column) + part + line.slice(column + 1);
      column++;
    }
  }
  return lines;
}
