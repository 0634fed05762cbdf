import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { cases } from './cases/all.ts';
import type { Case } from './cases/case.ts';
import { root, type RuntimeName, scriptCommandOn } from './place.ts';
import type { Result } from './result.ts';

/** How long one case may take on one runtime, in milliseconds. */
const TIME_LIMIT = 600_000;

/** What to measure, and how. */
export interface Plan {
  readonly cases: readonly string[];
  readonly runtimes: readonly RuntimeName[];
  /** All rounds of a case, or a third of them. */
  readonly full: boolean;
  /** Another number of rounds. */
  readonly rounds?: number | undefined;
  /** Where the locked files are; without it, among the temporary files. */
  readonly dir?: string | undefined;
}

/** A case that could not be measured. */
export interface Unmeasured {
  readonly case: string;
  readonly runtime: RuntimeName;
  /** Why, in words that follow its name. */
  readonly failure: string;
}

/**
 * Measures one case after the other, each on every runtime, and gives each result as soon as it is
 * there. Each has a process of its own: none meets what another has left behind in the just-in-time
 * compiler or in a thread pool. When `signal` aborts, the one at work ends and cleans up.
 */
export async function* measureAll(
  plan: Plan,
  signal?: AbortSignal,
): AsyncGenerator<Result | Unmeasured> {
  for (const name of plan.cases) {
    for (const runtime of plan.runtimes) {
      signal?.throwIfAborted();
      yield await measure(name, runtime, plan, signal);
    }
  }
}

/** How many rounds a case has in a plan. */
export function roundsOf({ rounds }: Pick<Case, 'rounds'>, plan: Plan): number {
  return plan.rounds ?? (plan.full ? rounds : Math.max(Math.ceil(rounds / 3), Math.min(rounds, 2)));
}

async function measure(
  name: string,
  runtime: RuntimeName,
  plan: Plan,
  signal?: AbortSignal,
): Promise<Result | Unmeasured> {
  const rounds = roundsOf(cases.find((one) => one.name === name)!, plan);
  const [program, ...args] = scriptCommandOn(runtime, 'bench/main.ts')!;
  const options = [
    '--case',
    name,
    '--rounds',
    `${rounds}`,
    ...(plan.dir ? ['--dir', plan.dir] : []),
  ];
  const child = spawn(program!, [...args, ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: TIME_LIMIT,
    killSignal: 'SIGKILL',
  });
  const stop = (): void => void child.kill('SIGTERM');
  signal?.addEventListener('abort', stop);
  try {
    const [output, [code, killed]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    signal?.throwIfAborted();
    if (code === 0) return JSON.parse(output) as Result;
    const failure = killed ? `was killed by ${killed}` : `ended with status ${code}`;
    return { case: name, runtime, failure };
  } catch (error) {
    signal?.throwIfAborted();
    return { case: name, runtime, failure: `could not be started: ${(error as Error).message}` };
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
