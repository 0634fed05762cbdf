import { parseArgs } from 'node:util';
import { quote } from '../lock/printable.ts';
import { type Description, HELP, type Option, spellings } from './description.ts';
import { Failure, USAGE } from './failure.ts';

/** What a command line says before its first operand, in order, and the operands. */
export interface CommandLine {
  readonly options: readonly { readonly name: string; readonly value: string }[];
  /** From the first word on that is no option; a `--` before it is left out. */
  readonly operands: readonly string[];
}

/**
 * Reads options up to the first word that is none, so that a command's own options stay its own
 * even without `--`.
 *
 * @throws {Failure} 64 for an unknown option, and for a value too many or too few.
 */
export async function readOptions(
  args: readonly string[],
  description: Description,
): Promise<CommandLine> {
  const known = knownOptions(description);
  const types: Record<string, { type: 'boolean' | 'string'; short?: string }> = {};
  for (const [name, { value }] of known) types[name] = { type: value ? 'string' : 'boolean' };
  types.help!.short = 'h';
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
    const option = known.get(name);
    if (option === undefined) {
      const { suggest } = await import('./suggest.ts');
      const near = suggest(rawName, [...known.keys()].map((name) => `--${name}`));
      throw new Failure(USAGE, `Unknown option ${quote(rawName)}${near}`);
    }
    if (option.value === undefined && value !== undefined) {
      throw new Failure(USAGE, `The option ${quote(rawName)} takes no value`);
    }
    // The next option taken for a value is a slip; a name that begins so can follow a "=".
    const isSlip = value === undefined || (!inlineValue && value.startsWith('--'));
    if (option.value !== undefined && isSlip) {
      throw new Failure(USAGE, `The option ${quote(rawName)} needs a value`);
    }
    options.push({ name, value: value ?? '' });
  }
  return { options, operands: [] };
}

function knownOptions({ options }: Description): Map<string, Option> {
  return new Map(
    [...options, HELP].flatMap((option) =>
      spellings(option).map((word) => [word.slice('--'.length), option])
    ),
  );
}
