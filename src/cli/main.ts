#!/usr/bin/env node
/** The command `reflock`: finds the subcommand, and turns every failure into one line. */

import type { Description } from './description.ts';
import { Failure, OK, USAGE } from './failure.ts';
import type { CommandLine } from './read-options.ts';
import { endAtUncaught, tell } from './uncaught.ts';

/** What the module of a subcommand offers. */
interface Subcommand {
  readonly description: Description;
  /** Gives the exit status; throws {@linkcode Failure}. */
  main(line: CommandLine): Promise<number>;
}

// Loaded when asked for: a wrapper around a command should cost as little as it can.
const subcommands: Record<string, () => Promise<Subcommand>> = {
  run: () => import('./run.ts'),
  use: () => import('./use.ts'),
  copy: () => import('./copy.ts'),
  gc: () => import('./gc.ts'),
  rm: () => import('./rm.ts'),
  status: () => import('./status.ts'),
  doctor: () => import('./doctor.ts'),
  storm: () => import('./storm.ts'),
  bench: () => import('./bench.ts'),
  completion: () => import('./completion.ts'),
};

async function main([word, ...rest]: readonly string[]): Promise<number> {
  if (word === '--help' || word === '-h') {
    const { overviewText } = await import('./help-text.ts');
    const { all } = await import('./descriptions/all.ts');
    return await show(overviewText(all));
  }
  if (word === '--version') return await showVersion();
  if (word === undefined) throw new Failure(USAGE, 'No subcommand given; see reflock --help');
  if (!Object.hasOwn(subcommands, word)) {
    const kind = word.startsWith('-') ? 'option' : 'subcommand';
    const [{ suggest }, { quote }] = await Promise.all([
      import('./suggest.ts'),
      import('../lock/printable.ts'),
    ]);
    throw new Failure(
      USAGE,
      `Unknown ${kind} ${quote(word)}${suggest(word, Object.keys(subcommands))}`,
    );
  }
  // At the same time, which takes less.
  const [{ description, main }, { readOptions }] = await Promise.all([
    subcommands[word]!(),
    import('./read-options.ts'),
  ]);
  const line = await readOptions(rest, description);
  const given = new Set(line.options.map(({ name }) => name));
  if (given.has('help')) {
    const { helpText } = await import('./help-text.ts');
    return await show(helpText(description));
  }
  if (given.has('version')) return await showVersion();
  const values = line.options.map(({ value }) => value);
  const operands = line.operands.slice(0, description.operandsBeforeCommand);
  const names = [...values, ...operands];
  if (names.some((name) => name.includes('\uFFFD'))) {
    (await import('./check-utf8.ts')).checkUtf8(names);
  }
  return await main(line);
}

async function showVersion(): Promise<number> {
  const { version } = await import('./version.ts');
  return await show(`reflock ${version()}\n`);
}

async function show(text: string): Promise<number> {
  const [{ print }, { linesOf }] = await Promise.all([import('./print.ts'), import('./line.ts')]);
  print(linesOf(text));
  return OK;
}

endAtUncaught();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  tell(error);
}
