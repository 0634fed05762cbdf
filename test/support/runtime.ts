import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The JavaScript runtimes on which everything must work. */
export type Runtime = 'node' | 'deno' | 'bun';
export const runtimes: readonly Runtime[] = ['node', 'deno', 'bun'];

/** Which of them runs this test. */
export const runtime: Runtime = process.versions.bun
  ? 'bun'
  : process.versions.deno
  ? 'deno'
  : 'node';

/** The checkout. */
export const root: string = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../..' : '../../..', import.meta.url),
);

/**
 * The command that runs a script of this project, as a rule on the same runtime as this test.
 * `script` is relative to the checkout and ends in `.ts`; Node gets what was compiled from it.
 */
export function scriptCommand(
  script: string,
  permissions: readonly string[] = ['--allow-all'],
  on: Runtime = runtime,
): string[] {
  const program = on === runtime ? process.execPath : programs[on];
  if (on === 'node') return [program, `${root}/dist/${script.replace(/\.ts$/, '.js')}`];
  if (on === 'bun') return [program, `${root}/${script}`];
  return [program, 'run', ...permissions, `${root}/${script}`];
}

/** Where npm has put the others; Node is what has run npm. */
const programs: Record<Runtime, string> = {
  node: 'node',
  deno: `${root}/node_modules/.bin/deno`,
  bun: `${root}/node_modules/.bin/bun`,
};
