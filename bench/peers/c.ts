import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync } from 'node:fs';
import process from 'node:process';
import { type Absent, absent } from '../measure.ts';
import { root } from '../place.ts';

/** A program of `bench/c`. */
export type CProgram = 'uncontended' | 'holder' | 'many-holder' | 'waiter';

/**
 * Compiles a program of `bench/c` and gives the command. `CC` in the environment names another
 * compiler than `cc`.
 */
export function compile(program: CProgram): [command: string] | Absent {
  const source = `${root}bench/c/${program}.c`;
  const directory = `${root}dist/bench/c`;
  const binary = `${directory}/${program}`;
  mkdirSync(directory, { recursive: true });
  const compiler = process.env.CC ?? 'cc';
  // Under another name first: a benchmark that runs at the same time must not start half a program.
  const fresh = `${binary}.${process.pid}`;
  const { error, status, stderr } = spawnSync(compiler, ['-O2', '-o', fresh, source], {
    encoding: 'utf8',
  });
  if (error !== undefined) return absent('C', `no compiler: "${compiler}" does not start`);
  if (status !== 0) throw new Error(`"${compiler}" cannot compile ${source}\n${stderr}`);
  renameSync(fresh, binary);
  return [binary];
}
