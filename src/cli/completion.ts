import { quote } from '../lock/printable.ts';
import { bashScript } from './completion/bash.ts';
import { fishScript } from './completion/fish.ts';
import { zshScript } from './completion/zsh.ts';
import type { Description } from './description.ts';
import { all } from './descriptions/all.ts';
import { Failure, OK, USAGE } from './failure.ts';
import { linesOf } from './line.ts';
import { print } from './print.ts';
import type { CommandLine } from './read-options.ts';
import { suggest } from './suggest.ts';
import { takeOperands } from './take-operands.ts';

export { description } from './descriptions/completion.ts';

const scripts: Record<string, (all: readonly Description[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Prints the completion script of a shell. */
export function main({ operands }: CommandLine): Promise<number> {
  const [shell] = takeOperands('completion', operands, ['SHELL']);
  if (!Object.hasOwn(scripts, shell)) {
    const near = suggest(shell, Object.keys(scripts));
    throw new Failure(USAGE, `Unknown shell ${quote(shell)}${near}`);
  }
  print(linesOf(scripts[shell]!(all)));
  return Promise.resolve(OK);
}
