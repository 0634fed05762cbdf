import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** Which JavaScript runtime runs this test. */
export const runtime: 'node' | 'deno' | 'bun' = process.versions.bun
  ? 'bun'
  : process.versions.deno
  ? 'deno'
  : 'node';

/** The checkout. */
export const root: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../..' : '../../..', import.meta.url),
);

/**
 * The command that runs a script of this project on the same runtime as this test. `script` is
 * relative to the checkout and ends in `.ts`; Node gets what was compiled from it.
 */
export function scriptCommand(
  script: string,
  permissions: readonly string[] = ['--allow-all'],
): string[] {
  if (runtime === 'node') {
    return [process.execPath, `${root}/dist/${script.replace(/\.ts$/, '.js')}`];
  }
  if (runtime === 'bun') return [process.execPath, `${root}/${script}`];
  return [process.execPath, 'run', ...permissions, `${root}/${script}`];
}
