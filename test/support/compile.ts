import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { root } from './runtime.ts';
import { temp } from './temp.ts';

/** A program, or why there is none. */
export type Compiled =
  | { readonly command: string; readonly why?: never }
  | { readonly command?: never; readonly why: string };

/**
 * Compiles a C program of `test/fixtures`, or a library to be preloaded, for this test file alone.
 * `CC` in the environment names another compiler than `cc`.
 */
export function compileFixture(name: string, kind: 'program' | 'library' = 'program'): Compiled {
  const compiler = process.env.CC ?? 'cc';
  const command = join(temp, name);
  const flags = kind === 'library' ? ['-shared', '-fPIC'] : [];
  const source = `${root}/test/fixtures/${name}.c`;
  const { error, status, stderr } = spawnSync(
    compiler,
    ['-O1', '-Wall', '-Wextra', '-Werror', ...flags, '-o', command, source],
    { encoding: 'utf8' },
  );
  if (error !== undefined) return { why: `no compiler: "${compiler}" does not start` };
  // An old kernel's headers lack what the program needs.
  if (status !== 0) {
    return { why: `"${compiler}" cannot compile ${name}.c: ${stderr.split('\n')[0]}` };
  }
  return { command };
}
