import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { start } from './process.ts';
import { root, scriptCommand } from './runtime.ts';
import { newPath } from './temp.ts';

/** Names that would do something to a terminal or to a reader, and how they are to be shown. */
export const dangerous: readonly (readonly [what: string, name: string, shown: string])[] = [
  ['ESC and BEL, which set the title', '\x1b]0;t\x07', '\\u001b]0;t\\u0007'],
  ['CSI in one character', '\u009b2J', '\\u009b2J'],
  ['DEL', 'a\x7fb', 'a\\u007fb'],
  ['an override of the direction', 'a\u202eb', 'a\\u202eb'],
  ['an isolate of the direction', 'a\u2066b', 'a\\u2066b'],
  ['a space without width', 'a\u200bb', 'a\\u200bb'],
  ['a byte order mark', '\ufeffa', '\\ufeffa'],
  ['line breaks', 'a\r\nb\tc', 'a\\r\\nb\\tc'],
  ['separators of lines and paragraphs', 'a\u2028\u2029b', 'a\\u2028\\u2029b'],
  ['a tag, which is two units of UTF-16', 'a\u{e0041}b', 'a\\udb40\\udc41b'],
];

/** All of them in one name, and how that is shown. */
export const all: string = dangerous.map(([, name]) => name).join('-');
export const allShown: string = dangerous.map(([, , shown]) => shown).join('-');

/** What must not be in a line of a message. */
export const RAW = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** What a program has written, which must be whole lines of printable UTF-8. */
export function printableLines(written: Uint8Array): string[] {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(written);
  assert.ok(text === '' || text.endsWith('\n'), JSON.stringify(text));
  const lines = text.split('\n').slice(0, -1);
  for (const line of lines) assert.not.match(line, RAW, JSON.stringify(line));
  return lines;
}

/** What a command line has written, all of it printable. */
export interface PrintableOutput {
  readonly status: number | null;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** Runs a program to its end, and looks at every byte that it writes. */
export function runs(command: readonly string[], cwd?: string): Promise<PrintableOutput> {
  const [program, ...args] = command;
  const child = spawn(program!, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err]: [Uint8Array[], Uint8Array[]] = [[], []];
  child.stdout.on('data', (part) => out.push(part));
  child.stderr.on('data', (part) => err.push(part));
  const lines = (parts: Uint8Array[]): string[] =>
    printableLines(Uint8Array.from(parts.flatMap((part) => [...part])));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      try {
        resolve({ status, out: lines(out), err: lines(err) });
      } catch (error) {
        reject(new Error(`reflock ${args.join(' ')}: ${(error as Error).message}`));
      }
    });
  });
}

export function reflock(...args: string[]): Promise<PrintableOutput> {
  return runs([...scriptCommand('src/cli/main.ts'), ...args]);
}

/** Fails with one line, in which the dangerous text is shown. */
export async function fails(status: number, shown: string, ...args: string[]): Promise<string> {
  const { err, ...rest } = await reflock(...args);
  assert.is(rest.status, status, `${args.join(' ')}: ${err.join('\n')}`);
  assert.is(err.length, 1, err.join('\n'));
  assert.ok(err[0]!.startsWith('reflock: '), err[0]);
  assert.ok(err[0]!.includes(shown), err[0]);
  return err[0]!;
}

/** A new directory whose name is dangerous, and how its path is shown. */
export function dangerousDirectory(): readonly [path: string, shown: string] {
  const parent = newPath();
  mkdirSync(join(parent, all), { recursive: true });
  return [join(parent, all), `${parent}/${allShown}`];
}

/** Processes that hold a lock. */
export interface NamedHolders {
  readonly pids: readonly number[];
  end(): Promise<void>;
}

/** Starts processes of any names, each of which holds a lock on a file. */
export async function holdNamed(
  path: string,
  mode: 'shared' | 'exclusive',
  ...names: readonly Uint8Array[]
): Promise<NamedHolders> {
  const hex = names.map((name) =>
    Array.from(name, (byte) => byte.toString(16).padStart(2, '0')).join('')
  );
  const program = start(['python3', `${root}/test/fixtures/named-holder.py`, path, mode, ...hex]);
  const pids: number[] = [];
  for (const _ of names) {
    const line = await program.line();
    if (line === undefined) throw new Error(`no holder: ${program.stderr()}`);
    pids.push(Number(line));
  }
  return {
    pids,
    end: async () => {
      program.child.stdin!.end();
      await program.ended;
    },
  };
}

/** Makes directories in another one, whose names are bytes. */
export function makeDirectories(parent: string, names: readonly string[]): void {
  const script = 'import os, sys\nfor name in sys.argv[2:]: os.makedirs(' +
    'os.path.join(os.fsencode(sys.argv[1]), name.encode("latin1")), exist_ok=True)';
  const { status, stderr } = spawnSync('python3', ['-c', script, parent, ...names], {
    encoding: 'utf8',
  });
  assert.is(status, 0, stderr);
}
