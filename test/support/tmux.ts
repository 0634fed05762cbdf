import { execFileSync, spawnSync } from 'node:child_process';
import process from 'node:process';
import { test } from 'uvu';
import { eventually } from './eventually.ts';
import { scriptCommand } from './runtime.ts';
import { newPath } from './temp.ts';

/** Whether there is a tmux. */
const hasTmux = spawnSync('tmux', ['-V']).status === 0;

/** A test on a real terminal, which says so where there is none. */
export function testOnTerminal(name: string, body: () => Promise<void>): void {
  if (hasTmux) return test(name, body);
  console.log(`skipped: ${name} needs tmux`);
  test.skip(name, body);
}

/** A terminal of 80 columns and 24 rows with a shell in it. */
export interface Tmux {
  /** Runs `reflock` at the top of a clear screen. */
  reflock(...args: string[]): void;
  /** Runs it at the bottom of a full one, where the last line says `full`. */
  reflockAtBottom(...args: string[]): void;
  /** Types a text, without Enter. */
  type(text: string): void;
  /** Presses keys, by tmux's names: `C-c`, `Enter`. */
  press(...keys: string[]): void;
  /** What is to be seen, without what is empty below. */
  screen(): string[];
  /** All lines so far, however many rows of the screen each takes. */
  history(): string[];
  /** Waits until all of the screen is like this, and gives it. */
  shows(what: string, like: (lines: string[]) => boolean): Promise<string[]>;
  resize(columns: number, rows: number): void;
  /** A format of tmux, such as `#{cursor_flag}`. */
  ask(format: string): string;
  end(): void;
}

const PROMPT = 'ready> ';
const running = new Set<string>();
process.on('exit', () => {
  for (const socket of running) spawnSync('tmux', ['-S', socket, 'kill-server']);
});

/** Starts one, with a server of its own. */
export async function startTmux(): Promise<Tmux> {
  const socket = newPath();
  const tmux = (...args: string[]): string =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', ...args]).toString();
  running.add(socket);
  const env = ['env', '-u', 'NO_COLOR', `PS1=${PROMPT}`, 'ENV=', 'sh'];
  tmux('new-session', '-d', '-x', '80', '-y', '24', ...env);
  const screen = (): string[] => tmux('capture-pane', '-p').trimEnd().split('\n');
  const shows = async (what: string, like: (lines: string[]) => boolean): Promise<string[]> => {
    let lines: string[] = [];
    try {
      await eventually(what, () => like(lines = screen()));
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${lines.join('\n')}`);
    }
    return lines;
  };
  const type = (text: string): void => void tmux('send-keys', '-l', text);
  const enter = (line: string): void => {
    type(line);
    tmux('send-keys', 'Enter');
  };
  await shows('a prompt', (lines) => lines.at(-1)!.startsWith(PROMPT.trim()));
  return {
    reflock: (...args) => enter(`clear; ${commandLine(args)}`),
    reflockAtBottom: (...args) => enter(`clear; seq 30; echo full; ${commandLine(args)}`),
    type,
    press: (...keys) => void tmux('send-keys', ...keys),
    screen,
    history: () => tmux('capture-pane', '-p', '-J', '-S', '-').trimEnd().split('\n'),
    shows,
    resize: (columns, rows) => void tmux('resize-window', '-x', `${columns}`, '-y', `${rows}`),
    ask: (format) => tmux('display-message', '-p', format).trim(),
    end() {
      running.delete(socket);
      tmux('kill-server');
    },
  };
}

function commandLine(args: readonly string[]): string {
  return [...scriptCommand('src/cli/main.ts'), ...args].map((word) => `'${word}'`).join(' ');
}

/** Whether the last line is the shell's prompt, at the beginning of a line. */
export function isAtPrompt(lines: readonly string[]): boolean {
  return lines.at(-1) === PROMPT.trim();
}
