import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { onSameRuntime } from '../../process/same-runtime.ts';
import type { Answer, Locker, Order } from './locker.ts';
import { within } from './within.ts';

/** A {@linkcode Locker} that was started here. */
export interface StartedLocker extends Locker {
  readonly hasEnded: boolean;
}

/**
 * Starts a locker on the JavaScript runtime that runs this program. Locks are tried there only: on
 * some filesystems a try can take for ever, and a process can be killed then.
 */
export function startLocker(signal: AbortSignal): StartedLocker {
  const [program, ...args] = onSameRuntime('./locker-program', import.meta.url);
  // Ctrl-C on the terminal is meant for the doctor alone.
  const child = spawn(program!, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {});
  let asked: { resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  createInterface({ input: child.stdout })
    .on('line', (line) => asked?.resolve(JSON.parse(line) as Answer));
  let stderr = '';
  child.stderr.on('data', (data) => stderr += data);
  let exited = false;
  child.once('exit', () => exited = true);
  let end: string | undefined;
  const ended = new Promise<void>((resolve) => {
    const over = (how: string): void => {
      end ??= how;
      asked?.reject(new Error(end));
      resolve();
    };
    child.once('error', ({ message }) => over(`no second process can be started: ${message}`));
    child.once('close', (code, name) => {
      const said = stderr.split('\n').find((line) => line !== '');
      over(`a second process ended with ${name ?? code}${said ? `: ${said}` : ''}`);
    });
  });
  const ask = async (order: Order): Promise<Answer> => {
    if (end !== undefined) throw new Error(end);
    const answer = new Promise<Answer>((resolve, reject) => asked = { resolve, reject });
    child.stdin.write(`${JSON.stringify(order)}\n`);
    const what = order.do === 'try' ? `a try to lock a file (${order.mode})` : `"${order.do}"`;
    const { granted, error } = await within(what, answer, signal);
    if (error !== undefined) throw new Error(error);
    return { granted: granted === true };
  };
  const kill = async (): Promise<void> => {
    if (child.pid === undefined || end !== undefined) return;
    // Not `child.kill()`: on Deno it invents the end that it expects.
    if (!exited) process.kill(child.pid, 'SIGKILL');
    try {
      await within('the end of a process that was killed', ended);
    } catch (error) {
      // It hangs in the kernel. It will go when that lets it go, and nobody need stay for that.
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
      child.unref();
      throw error;
    }
  };
  return {
    pid: child.pid ?? -1,
    get hasEnded() {
      return end !== undefined;
    },
    try: async (file, mode) => (await ask({ do: 'try', file, mode })).granted!,
    release: async () => void await ask({ do: 'release' }),
    bequeath: async () => void await ask({ do: 'bequeath' }),
    endHeir: async () => void await ask({ do: 'end heir' }),
    kill,
  };
}
