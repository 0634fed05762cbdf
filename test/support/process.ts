import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { type Runtime, scriptCommand } from './runtime.ts';

/** Programs that were started and have not ended; they end with the test. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A program beside the test, which talks line by line. */
export interface Program {
  readonly child: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  /** Everything it has written to stderr so far. */
  stderr(): string;
  /** Its next line on stdout, or `undefined` at the end. */
  line(): Promise<string | undefined>;
  /** Sends a line to its stdin. */
  send(line: string): void;
  /** Ends it by signal and waits until it has gone. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
}

/** Starts a program with pipes. */
export function start(command: readonly string[], options: SpawnOptions = {}): Program {
  const [file, ...args] = command;
  return wrap(spawn(file!, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] }));
}

/** Starts a script of this project, as a rule on the runtime of this test. */
export function startScript(script: string, args: readonly string[] = [], on?: Runtime): Program {
  return start([...scriptCommand(script, undefined, on), ...args]);
}

/** Gives a process that was started elsewhere the same handles. */
export function wrap(child: ChildProcess): Program {
  running.add(child);
  const lines: string[] = [];
  const readers: ((line: string | undefined) => void)[] = [];
  let over = false;
  let stderr = '';
  child.stderr?.on('data', (data) => stderr += data);
  // A program that has gone cannot be written to; its end is what the test will see.
  child.stdin?.on('error', () => {});
  if (child.stdout) {
    const reader = createInterface({ input: child.stdout });
    reader.on('line', (line) => {
      const waiting = readers.shift();
      if (waiting) waiting(line);
      else lines.push(line);
    });
    reader.on('close', () => {
      over = true;
      for (const waiting of readers.splice(0)) waiting(undefined);
    });
  }
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  return {
    child,
    ended,
    stderr: () => stderr,
    line: () =>
      lines.length > 0 || over
        ? Promise.resolve(lines.shift())
        : new Promise((resolve) => readers.push(resolve)),
    send: (line) => void child.stdin!.write(`${line}\n`),
    kill: async (signal = 'SIGKILL') => {
      // Not `child.kill()`: on Deno it works once, and invents the end that it expects.
      process.kill(child.pid!, signal);
      await ended;
    },
  };
}
