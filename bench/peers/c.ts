import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type Absent, absent } from '../measure.ts';
import { root } from '../place.ts';

/** A program of `bench/c`. */
export type CProgram = 'uncontended' | 'holder' | 'many-holder' | 'waiter' | 'contend';

/** What has become of each program in this process. */
const compiled = new Map<CProgram, [command: string] | Absent>();

/** Where the programs are: an installed package may lie where nothing can be written. */
let directory: string | undefined;

/**
 * Compiles a program of `bench/c`, which is there as long as this process lives, and gives the command.
 * `CC` in the environment names another compiler than `cc`.
 */
export function compile(program: CProgram): [command: string] | Absent {
  const command = compiled.get(program) ?? compileOnce(program);
  compiled.set(program, command);
  return command;
}

function compileOnce(program: CProgram): [command: string] | Absent {
  const source = `${root}bench/c/${program}.c`;
  const binary = join(directory ??= makeDirectory(), program);
  const compiler = process.env.CC ?? 'cc';
  const { error, status, stderr } = spawnSync(compiler, ['-O2', '-o', binary, source], {
    encoding: 'utf8',
  });
  if (error !== undefined) return absent('C', `no compiler: "${compiler}" does not start`);
  if (status !== 0) throw new Error(`"${compiler}" cannot compile ${source}\n${stderr}`);
  return [binary];
}

function makeDirectory(): string {
  const made = mkdtempSync(join(tmpdir(), 'reflock-bench-c-'));
  process.on('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}
