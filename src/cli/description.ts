/**
 * What a subcommand is, said once: `--help`, the options that are understood, the completion of
 * shells and the man page are all made of it.
 */
export interface Description {
  readonly name: string;
  /** One line, for the list of subcommands. */
  readonly summary: string;
  /** What follows the name, such as `[OPTION...] PARENT`. */
  readonly synopsis: string;
  /** Paragraphs, without line breaks. */
  readonly text: readonly string[];
  readonly options: readonly Option[];
  /** Each exit status and what it means. */
  readonly statuses: readonly (readonly [status: string, meaning: string])[];
  /** A command that does something useful. */
  readonly example: string;
  /** How many operands come before the words of a command; without it, there is no command. */
  readonly operandsBeforeCommand?: number;
  /** What the operands are, for the completion of shells. */
  readonly operands: 'files' | 'directories' | 'command' | readonly string[];
}

/** An option, without its `--`. */
export interface Option {
  readonly name: string;
  /** What its value is called, if it has one. */
  readonly value?: string;
  /** Whether `--no-NAME` says the contrary. */
  readonly negatable?: true;
  readonly text: string;
}

/** What every subcommand knows. */
export const HELP: Option = { name: 'help', text: 'show this' };

/** All ways in which the option can be written, without their values. */
export function spellings({ name, negatable }: Option): string[] {
  return negatable ? [`--${name}`, `--no-${name}`] : [`--${name}`];
}
