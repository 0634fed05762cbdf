import { isatty } from 'node:tty';
import type { Progress } from '../runtime/mod.ts';
import { Own } from './line.ts';
import { CLEARED_LINE, rewrittenLine } from './rewritten-line.ts';
import { draw } from './say.ts';

/** What a progress bar is about. */
export interface ProgressLabel {
  /** The subcommand. */
  readonly work: string;
  /** What is counted, such as `files`. */
  readonly unit: string;
  /** There is no bar beside JSON. */
  readonly output: 'text' | 'json';
}

/**
 * Does work and shows how far it has come, if stderr is a terminal: by a bar without colours, on
 * one line, which is empty again afterwards. It goes already when `signal` aborts the work, because
 * the cleaning up may be cut short.
 */
export async function withProgress<T>(
  label: ProgressLabel,
  signal: AbortSignal,
  work: (onProgress?: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  // Not `process.stderr.isTTY`, which makes a pipe non-blocking for the command that gets it later.
  if (label.output === 'json' || !isatty(2)) return await work();
  const bar = await makeBar(label);
  let state: 'before' | 'shown' | 'over' = 'before';
  const clear = (): void => {
    if (state === 'shown') {
      bar.stop();
      draw(CLEARED_LINE);
    }
    state = 'over';
  };
  signal.addEventListener('abort', clear);
  try {
    return await work(({ done, total }) => {
      if (state === 'before' && total > 0) {
        state = 'shown';
        bar.start(total, done);
      } else if (state === 'shown') {
        bar.update(done);
      }
    });
  } finally {
    signal.removeEventListener('abort', clear);
    clear();
  }
}

async function makeBar({ work, unit }: ProgressLabel) {
  // Most programs that start this one have no terminal to show it on.
  const { default: { SingleBar } } = await import('cli-progress');
  // What it writes is collected, and written line by line. The settings of the terminal are left
  // alone: a program that is stopped or killed could not put them back.
  let line = '';
  const stream = {
    isTTY: true,
    get columns() {
      return process.stderr.columns;
    },
    write: (text: string) => void (line += text),
  };
  const bar = new SingleBar({
    stream: stream as unknown as NodeJS.WritableStream,
    format: `${work} [{bar}] {percentage}% of {total} ${unit}`,
    barsize: 30,
    linewrap: true,
  });
  bar.on('redraw-pre', () => line = '');
  bar.on('redraw-post', () => draw(rewrittenLine(new Own(line))));
  return bar;
}
