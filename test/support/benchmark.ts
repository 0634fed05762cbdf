import process from 'node:process';
import { start } from './process.ts';
import { scriptCommand } from './runtime.ts';
import { temp } from './temp.ts';

/** What a command of the benchmark has said, and how it ended. */
export interface Benchmarked {
  /** Its only line. */
  line: string | undefined;
  code: number | null;
  stderr: string;
}

/** Runs a command of the benchmark, with more in its environment. */
export async function runBenchmark(
  command: string[],
  env: Record<string, string> = {},
): Promise<Benchmarked> {
  const program = start(command, { env: { ...process.env, ...env } });
  const line = await program.line();
  const { code } = await program.ended;
  return { line, code, stderr: program.stderr() };
}

/** Measures one case on this runtime. */
export function measureCase(
  name: string,
  rounds = 3,
  env?: Record<string, string>,
): Promise<Benchmarked> {
  const command = [...scriptCommand('bench/main.ts'), '--case', name];
  return runBenchmark([...command, '--rounds', String(rounds), '--dir', temp], env);
}
