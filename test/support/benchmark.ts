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

/** Measures one case on this runtime, with more in its environment. */
export async function measureCase(
  name: string,
  rounds = 3,
  env: Record<string, string> = {},
): Promise<Benchmarked> {
  const options = ['--case', name, '--rounds', String(rounds), '--dir', temp];
  const program = start([...scriptCommand('bench/main.ts'), ...options], {
    env: { ...process.env, ...env },
  });
  const line = await program.line();
  const { code } = await program.ended;
  return { line, code, stderr: program.stderr() };
}
