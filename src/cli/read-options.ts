import { parseArgs } from 'node:util';
import { Failure, USAGE } from './failure.ts';
import { suggest } from './suggest.ts';

/** What a command line says before its first operand, in order, and the operands. */
export interface CommandLine {
  readonly options: readonly { readonly name: string; readonly value: string }[];
  /** From the first word on that is no option; a `--` before it is left out. */
  readonly operands: readonly string[];
}

/**
 * Reads options up to the first word that is none, so that a command's own options stay its own
 * even without `--`. Every subcommand knows `--help` besides.
 *
 * @throws {Failure} 64 for an unknown option, and for a value too many or too few.
 */
export function readOptions(
  args: readonly string[],
  known: Readonly<Record<string, 'flag' | 'value'>>,
): CommandLine {
  const types: Record<string, { type: 'boolean' | 'string'; short?: string }> = {
    help: { type: 'boolean', short: 'h' },
  };
  for (const [name, kind] of Object.entries(known)) {
    types[name] = { type: kind === 'flag' ? 'boolean' : 'string' };
  }
  // Not `strict`, which would judge the command's own options too and knows one message for all.
  const { tokens } = parseArgs({
    args: [...args],
    options: types,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: { name: string; value: string }[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') return { options, operands: args.slice(token.index) };
    if (token.kind === 'option-terminator') {
      return { options, operands: args.slice(token.index + 1) };
    }
    const { name, rawName, value, inlineValue } = token;
    const type = Object.hasOwn(types, name) ? types[name]!.type : undefined;
    if (type === undefined) {
      const near = suggest(rawName, Object.keys(types).map((known) => `--${known}`));
      throw new Failure(USAGE, `Unknown option ${JSON.stringify(rawName)}${near}`);
    }
    if (type === 'boolean' && value !== undefined) {
      throw new Failure(USAGE, `The option ${JSON.stringify(rawName)} takes no value`);
    }
    // The next option taken for a value is a slip; a name that begins so can follow a "=".
    if (type === 'string' && (value === undefined || (!inlineValue && value.startsWith('--')))) {
      throw new Failure(USAGE, `The option ${JSON.stringify(rawName)} needs a value`);
    }
    options.push({ name, value: value ?? '' });
  }
  return { options, operands: [] };
}
