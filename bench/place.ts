import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** A JavaScript runtime on which reflock runs. */
export type RuntimeName = 'node' | 'deno' | 'bun';

/** Which one runs this. */
export const runtime: RuntimeName = process.versions.bun
  ? 'bun'
  : process.versions.deno
  ? 'deno'
  : 'node';

/** Its version. */
export const runtimeVersion: string = process.versions[runtime]!;

/** The checkout: this file is run as it is, or compiled below `dist`. */
export const root: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '..' : '../..', import.meta.url),
);

/** The file with a script of this project, named by its source, for the same runtime. */
export function scriptFile(script: string): string {
  return runtime === 'node' ? `${root}dist/${script.replace(/\.ts$/, '.js')}` : root + script;
}

/** The command that runs a script of this project, named by its source, on the same runtime. */
export function scriptCommand(script: string): string[] {
  const options = runtime === 'deno' ? ['run', '--allow-all'] : [];
  return [process.execPath, ...options, scriptFile(script)];
}
