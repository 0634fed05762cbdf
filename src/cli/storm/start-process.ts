import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { onSameRuntime } from '../../process/same-runtime.ts';
import type { StormNews, StormOrder } from './messages.ts';

/** A storm process, seen from the one that started it. */
export interface StormProcess {
  /** What it has said last. */
  readonly news: StormNews | undefined;
  /** Resolves when it has ended: with nothing, or with what went wrong. */
  readonly ended: Promise<string | undefined>;
  /** Has it finish what it is doing, and end. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
}

/** Starts a storm process on the JavaScript runtime that runs this one. */
export function startProcess(order: StormOrder): StormProcess {
  const [program, ...args] = onSameRuntime('./process', import.meta.url);
  const child = spawn(program!, args, {
    // Ctrl-C on the terminal is meant for the starting process alone. Containers that it killed
    // would look like a broken promise.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify(order)}\n`);
  let news: StormNews | undefined;
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => {
    news = JSON.parse(line) as StormNews;
  });
  // The child's end can be told before its last line.
  const read = once(reader, 'close');
  let stderr = '';
  child.stderr.on('data', (data) => stderr += data);
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', async (code, signal) => {
      await read;
      const said = stderr.split('\n').find((line) => line !== '');
      if (code === 0 && said === undefined && news?.waits !== undefined) return resolve(undefined);
      resolve(`a storm process ended with ${signal ?? code}${said ? `: ${said}` : ''}`);
    });
  });
  return {
    get news() {
      return news;
    },
    ended,
    stop: () => void child.stdin.end(),
    kill: () => void child.kill('SIGKILL'),
  };
}
