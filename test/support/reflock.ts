import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { type Program, startScript } from './process.ts';
import { newPath } from './temp.ts';

/** What a program has written, line by line. */
export interface Written {
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** Starts the command line. */
export function reflock(...args: string[]): Program {
  return startScript('src/cli/main.ts', args);
}

/** Runs the command line to its end, which must be this status. */
export function ends(status: number, ...args: string[]): Promise<Written> {
  return ended(reflock(...args), status);
}

/** Waits for the end of a program, which must be this status. */
export async function ended(program: Program, status: number): Promise<Written> {
  const out: string[] = [];
  for (let line; (line = await program.line()) !== undefined;) out.push(line);
  assert.equal(await program.ended, { code: status, signal: null }, program.stderr());
  return { out, err: program.stderr().split('\n').slice(0, -1) };
}

/** Makes a merged `/usr` with a file in it, without a lock file. */
export function sampleRuntime(path = newPath()): string {
  for (const name of ['bin', 'lib/deep']) mkdirSync(join(path, name), { recursive: true });
  writeFileSync(join(path, 'bin/program'), 'contents');
  return path;
}

/** Everything that is below a directory. */
export function all(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map(String).sort();
}

/** Whether nobody holds a lock on this file. */
export function isFree(path: string): boolean {
  const lock = tryLock(path);
  lock?.release();
  return lock !== undefined;
}
