import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { quote } from '../lock/printable.ts';
import { colorsFor } from './colors.ts';
import { examine } from './doctor/examine.ts';
import type { Place } from './doctor/ground.ts';
import { doctorLines } from './doctor/text.ts';
import { BROKEN, Failure, OK, UNAVAILABLE } from './failure.ts';
import { interruptible } from './interruptible.ts';
import { print } from './print.ts';
import type { CommandLine } from './read-options.ts';
import { takeOperands } from './take-operands.ts';

export { description } from './descriptions/doctor.ts';

/** Tells whether locks work in a place, by trying it. */
export async function main({ options, operands }: CommandLine): Promise<number> {
  const json = options.some(({ name }) => name === 'json');
  const [path] = takeOperands('doctor', operands.length === 0 ? ['.'] : operands, ['PATH']);
  const place = find(path);
  const checks = await interruptible(
    'nothing is left of what was tried',
    (signal) => examine(place, signal),
  );
  const ok = checks.every(({ state }) => state !== 'failure');
  const { stdout } = process;
  print(
    json
      ? [JSON.stringify({ path, checks, ok })]
      : doctorLines(checks, { colors: colorsFor(stdout), columns: stdout.columns }),
  );
  return ok ? OK : BROKEN;
}

function find(path: string): Place {
  try {
    const isDirectory = statSync(path).isDirectory();
    const real = realpathSync(path);
    return isDirectory ? { directory: real } : { directory: dirname(real), file: real };
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file or directory' : message;
    throw new Failure(UNAVAILABLE, `Cannot look at ${quote(path)}: ${why}`, { cause });
  }
}
