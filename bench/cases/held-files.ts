import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compile } from '../peers/c.ts';
import { startProgram } from '../peers/program.ts';
import { scriptCommand } from '../place.ts';
import { freshName, spread } from './spread.ts';

/** Files that another process locks. */
export interface HeldFiles {
  readonly directory: string;
  /** Has the first so many of them locked, and gives their paths. */
  hold(count: number): Promise<string[]>;
  /** Has all of them released at once. */
  release(): Promise<Released>;
  /** Ends the other process. */
  end(): void;
}

/** When files were released, in nanoseconds of the clock that all processes share. */
export interface Released {
  /** Before the first one was. */
  readonly began: bigint;
  /** After the last one was. */
  readonly ended: bigint;
}

/** Starts the process that holds files; they are made beside the file `path` when first held. */
export function holdFiles(path: string): HeldFiles {
  spread(dirname(path));
  const directory = join(dirname(path), freshName());
  mkdirSync(directory);
  const compiled = compile('many-holder');
  const command = 'absent' in compiled ? scriptCommand('bench/peers/many-holder.ts') : compiled;
  const holder = startProgram([...command, directory]);
  return {
    directory,
    hold: async (count) => {
      await holder.ask(`hold ${count}`);
      return fileNames(directory, count);
    },
    release: async () => {
      const [began, ended] = (await holder.ask('release')).split(' ').map(BigInt);
      return { began: began!, ended: ended! };
    },
    end: () => holder.end(),
  };
}

/** The paths of the first so many of the files. */
export function fileNames(directory: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => join(directory, `${index}.ref`));
}
