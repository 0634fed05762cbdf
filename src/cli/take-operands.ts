import { quote } from '../lock/printable.ts';
import { Failure, USAGE } from './failure.ts';

/**
 * Gives the operands by these names: exactly so many, since one too many may well be an option that
 * comes too late, or what a shell has made of a `*`.
 *
 * @throws {Failure} 64.
 */
export function takeOperands<const Names extends readonly string[]>(
  subcommand: string,
  operands: readonly string[],
  names: Names,
): { [Index in keyof Names]: string } {
  const missing = names[operands.length];
  if (missing !== undefined) {
    throw new Failure(USAGE, `No ${missing} given; see reflock ${subcommand} --help`);
  }
  const extra = operands[names.length];
  if (extra === undefined) return operands as unknown as { [Index in keyof Names]: string };
  const why = extra.startsWith('-') ? `: options come before ${names[0]}` : '';
  throw new Failure(USAGE, `Unknown argument ${quote(extra)}${why}`);
}
