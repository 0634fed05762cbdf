import { mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cases } from '../../../bench/cases/all.ts';
import type { Plan } from '../../../bench/measure-all.ts';
import { type RuntimeName, runtimeNames, scriptCommandOn } from '../../../bench/place.ts';
import { isName, readSaved } from '../../../bench/saved.ts';
import type { Result } from '../../../bench/result.ts';
import { quote } from '../../lock/printable.ts';
import { Failure, UNAVAILABLE, USAGE } from '../failure.ts';

/** What to measure. */
export function planOf(given: ReadonlyMap<string, string>): Plan {
  const full = given.has('full');
  const usual = cases.filter((one) => full || !one.full).map(({ name }) => name);
  const found = runtimeNames.filter(isFound);
  const runtimes = chosen(given, 'runtime', runtimeNames, found);
  const missing = runtimes.find((name) => !isFound(name));
  if (missing !== undefined) throw new Failure(UNAVAILABLE, `There is no ${missing} in PATH`);
  const rounds = given.get('rounds');
  if (rounds !== undefined && !/^[1-9]\d{0,5}$/.test(rounds)) {
    throw new Failure(
      USAGE,
      `The option "--rounds" must be a whole number from 1, not ${quote(rounds)}`,
    );
  }
  const dir = given.get('dir');
  if (dir !== undefined) checkDirectory(dir);
  return {
    full,
    cases: chosen(given, 'case', cases.map(({ name }) => name), usual),
    runtimes,
    rounds: rounds === undefined ? undefined : Number(rounds),
    dir: dir === undefined ? undefined : resolve(dir),
  };
}

/** Finds out once whether files can be made there, which each case would fail to do. */
function checkDirectory(dir: string): void {
  const action = `Cannot lock files in ${quote(dir)}`;
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure(UNAVAILABLE, `${action}: no such directory`);
  }
  try {
    rmdirSync(mkdtempSync(join(dir, 'reflock-bench-')));
  } catch (error) {
    throw new Failure(UNAVAILABLE, `${action}: ${(error as Error).message}`, { cause: error });
  }
}

/** The name that an option gives to results. */
export function nameOf(given: ReadonlyMap<string, string>, option: string): string | undefined {
  const name = given.get(option);
  if (name === undefined || isName(name)) return name;
  throw new Failure(
    USAGE,
    `The option "--${option}" must be a name of letters, digits, "-", "_" and ".", not ${
      quote(name)
    }`,
  );
}

/** The results that an option names. */
export function savedBy(
  given: ReadonlyMap<string, string>,
  option: string,
): readonly Result[] | undefined {
  const name = nameOf(given, option);
  if (name === undefined) return undefined;
  const saved = readSaved(name);
  if (saved !== undefined) return saved;
  throw new Failure(UNAVAILABLE, `No results are saved under ${quote(name)}; --save saves some`);
}

function isFound(name: RuntimeName): boolean {
  return scriptCommandOn(name, 'bench/main.ts') !== undefined;
}

function chosen<T extends string>(
  given: ReadonlyMap<string, string>,
  option: string,
  known: readonly T[],
  usual: readonly T[],
): readonly T[] {
  const text = given.get(option);
  if (text === undefined) return usual;
  const names = text.split(',');
  const wrong = names.find((name) => !(known as readonly string[]).includes(name));
  if (wrong === undefined) return names as T[];
  throw new Failure(
    USAGE,
    `The option "--${option}" must be among ${known.join(', ')}, not ${quote(wrong)}`,
  );
}
