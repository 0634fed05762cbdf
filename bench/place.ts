import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** A JavaScript runtime on which reflock runs. */
export type RuntimeName = 'node' | 'deno' | 'bun';

/** All of them, in the order in which they are told. */
export const runtimeNames: readonly RuntimeName[] = ['node', 'deno', 'bun'];

/** Which one runs this. */
export const runtime: RuntimeName = process.versions.bun
  ? 'bun'
  : process.versions.deno
  ? 'deno'
  : 'node';

/** Its version. */
export const runtimeVersion: string = process.versions[runtime]!;

const isSource = import.meta.url.endsWith('.ts');

/** The checkout, or the package: this file is run as it is, or compiled below `dist`. */
export const root: string = fileURLToPath(new URL(isSource ? '..' : '../..', import.meta.url));

/** The file with a script of this project, named by its source, for the same runtime. */
export function scriptFile(script: string): string {
  return isSource ? root + script : compiled(script);
}

/** The command that runs a script of this project, named by its source, on the same runtime. */
export function scriptCommand(script: string): string[] {
  return commandOf(runtime, process.execPath, scriptFile(script));
}

/**
 * The same on any runtime: the one that runs this, or one that is found where npm has put it or in
 * `PATH`. Gives nothing where there is none.
 */
export function scriptCommandOn(on: RuntimeName, script: string): string[] | undefined {
  const program = on === runtime ? process.execPath : find(on);
  if (program === undefined) return undefined;
  // The package has no sources, and Node does not run them.
  const file = on !== 'node' && existsSync(root + script) ? root + script : compiled(script);
  return commandOf(on, program, file);
}

function commandOf(on: RuntimeName, program: string, file: string): string[] {
  return [program, ...(on === 'deno' ? ['run', '--allow-all'] : []), file];
}

function compiled(script: string): string {
  return `${root}dist/${script.replace(/\.ts$/, '.js')}`;
}

function find(program: string): string | undefined {
  const places = [join(root, 'node_modules/.bin'), ...(process.env.PATH ?? '').split(delimiter)];
  return places.map((place) => join(place, program)).find((file) => {
    const found = statSync(file, { throwIfNoEntry: false });
    return found?.isFile() && (found.mode & 0o111) !== 0;
  });
}
