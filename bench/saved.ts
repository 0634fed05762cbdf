import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import type { Result } from './result.ts';

/** Results that are being saved. */
export interface Saving {
  /** The file with those that are there so far. */
  readonly unfinished: string;
  /** Writes one down at once. */
  add(result: Result): void;
  /** Puts all of them in the place of what was saved under the name before. */
  finish(): void;
}

/** Whether results can be saved under this name. */
export function isName(name: string): boolean {
  return /^[\w-][\w.-]*$/.test(name);
}

/**
 * Begins to save results under a name, a line of JSON each, in `$XDG_STATE_HOME/reflock/bench`, which
 * is `~/.local/state/reflock/bench` by default. What was saved before stays until all are there.
 */
export function save(name: string): Saving {
  const file = fileOf(name);
  const unfinished = fileOf(`${name}.unfinished`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(unfinished, '');
  return {
    unfinished,
    add: (result) => appendFileSync(unfinished, `${JSON.stringify(result)}\n`),
    finish: () => renameSync(unfinished, file),
  };
}

/**
 * Reads results; gives nothing where none are saved under the name.
 *
 * @throws {Error} when the file cannot be read, or is something else.
 */
export function readSaved(name: string): Result[] | undefined {
  const file = fileOf(name);
  try {
    // The last line may be half a one, when the machine went down while it was written.
    const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Result);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new Error(`Cannot read results from ${JSON.stringify(file)}: ${message}`, { cause });
  }
}

function fileOf(name: string): string {
  const state = process.env.XDG_STATE_HOME || join(homedir(), '.local/state');
  return join(state, 'reflock/bench', `${name}.jsonl`);
}
