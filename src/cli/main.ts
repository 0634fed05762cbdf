#!/usr/bin/env node
/** The command `reflock`: finds the subcommand, and turns every failure into one line. */

import { readFileSync } from 'node:fs';
import process from 'node:process';
import { Failure, OK, statusOf, USAGE } from './failure.ts';
import { suggest } from './suggest.ts';

/** What the module of a subcommand offers. */
interface Subcommand {
  /** Gives the exit status; throws {@linkcode Failure}. */
  main(args: readonly string[]): Promise<number>;
}

// Loaded when asked for: a wrapper around a command should cost as little as it can.
const subcommands: Record<string, () => Promise<Subcommand>> = {
  run: () => import('./run.ts'),
  use: () => import('./use.ts'),
  copy: () => import('./copy.ts'),
  gc: () => import('./gc.ts'),
  rm: () => import('./rm.ts'),
  storm: () => import('./storm.ts'),
};

const help = `usage: reflock SUBCOMMAND [OPTION...]

Locks on .ref files, as bwrap --lock-file, Flatpak and pressure-vessel take them.

  run    hold locks while a command runs
  use    run a command that keeps a runtime from being deleted
  copy   make a mutable copy of a runtime, and hand it to a command
  gc     delete the mutable copies that nobody uses
  rm     remove a runtime that nobody uses
  storm  find out whether locks hold on this machine and filesystem

  --help     show this, or after a subcommand more about it
  --version  show the version

example: reflock use ~/runtimes/sniper -- bwrap --ro-bind ~/runtimes/sniper/files /usr ...
`;

async function main([word, ...rest]: readonly string[]): Promise<number> {
  if (word === '--help' || word === '-h') {
    process.stdout.write(help);
    return OK;
  }
  if (word === '--version') {
    process.stdout.write(`reflock ${version()}\n`);
    return OK;
  }
  if (word === undefined) throw new Failure(USAGE, 'No subcommand given; see reflock --help');
  if (!Object.hasOwn(subcommands, word)) {
    const kind = word.startsWith('-') ? 'option' : 'subcommand';
    throw new Failure(
      USAGE,
      `Unknown ${kind} ${JSON.stringify(word)}${suggest(word, Object.keys(subcommands))}`,
    );
  }
  return await (await subcommands[word]!()).main(rest);
}

function version(): string {
  // Compiled files lie one directory deeper.
  const up = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  const file = new URL(`${up}package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`reflock: ${message.split('\n', 1)[0]}\n`);
  process.exitCode = statusOf(error);
}
