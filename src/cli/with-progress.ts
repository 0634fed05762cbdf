import type { Progress } from '../runtime/mod.ts';
import { AFTER, BEFORE } from './rewritten-line.ts';

/** The bar goes back to where it has saved the cursor, but the terminal may have other rows now. */
const SAVE_CURSOR = '\x1b7';

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
  if (label.output === 'json' || !process.stderr.isTTY) return await work();
  const bar = await makeBar(label);
  let state: 'before' | 'shown' | 'over' = 'before';
  const clear = (): void => {
    if (state === 'shown') {
      process.stderr.write(SAVE_CURSOR);
      bar.stop();
      process.stderr.write(BEFORE);
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
  const bar = new SingleBar({
    stream: process.stderr,
    format: `${work} [{bar}] {percentage}% of {total} ${unit}`,
    barsize: 30,
    clearOnComplete: true,
    // The line is cut to the terminal's width, and the terminal's own settings are left alone: a
    // program that is stopped or killed could not put them back.
    linewrap: true,
  });
  bar.on('redraw-pre', () => process.stderr.write(BEFORE));
  bar.on('redraw-post', () => process.stderr.write(AFTER));
  return bar;
}
