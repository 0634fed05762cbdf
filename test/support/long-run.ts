import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { anySeed } from './random.ts';
import { runtime, runtimes, scriptCommand } from './runtime.ts';
import { wholeNumber } from './whole-number.ts';

/**
 * Runs the program `test/long/NAME.ts` as its command line says: `--count N`, `--seed S` for the same
 * choices again, and `--runtime node|deno|bun`, on which it is started anew.
 */
export async function longRun(
  name: string,
  usualCount: number,
  main: (count: number, seed: number) => Promise<void>,
): Promise<void> {
  const args = process.argv.slice(2);
  const { values } = parseArgs({
    args,
    options: {
      count: { type: 'string', default: String(usualCount) },
      seed: { type: 'string', default: String(anySeed()) },
      runtime: { type: 'string', default: runtime },
    },
  });
  const count = wholeNumber('--count', values.count);
  const seed = wholeNumber('--seed', values.seed);
  const on = runtimes.find((name) => name === values.runtime);
  if (on === undefined) throw new Error(`--runtime must be one of ${runtimes.join(', ')}`);
  // So that the files are deleted.
  process.on('SIGINT', () => process.exit(130));
  if (on === runtime) {
    console.log(`${name} on ${runtime}, seed ${seed}`);
    return await main(count, seed);
  }
  const [command, ...rest] = scriptCommand(`test/long/${name}.ts`, undefined, on);
  const { status } = spawnSync(command!, [...rest, ...args], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
