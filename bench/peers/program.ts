import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';
import { createInterface } from 'node:readline';

/** A program that stays alive beside the benchmark and answers each line with a line. */
export interface Program {
  /** Sends a line and gives the answer; one question at a time. */
  ask(line: string): Promise<string>;
  /** Ends it. */
  end(): void;
}

/** Those that are alive: one listener for all, because many would look like a mistake. */
const alive = new Set<ChildProcess>();

process.prependOnceListener('exit', () => alive.forEach((child) => child.kill('SIGKILL')));

/** Starts a program; its stderr is ours. */
export function startProgram(command: readonly string[]): Program {
  const [file, ...args] = command;
  const child = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  alive.add(child);
  let asked: { resolve(line: string): void; reject(error: Error): void } | undefined;
  let over: Error | undefined;
  const fail = (error: Error): void => {
    over ??= error;
    asked?.reject(over);
  };
  child.on('error', fail);
  child.stdin.on('error', fail);
  child.on('close', () => {
    alive.delete(child);
    fail(new Error(`"${file}" has ended`));
  });
  createInterface({ input: child.stdout }).on('line', (line) => asked?.resolve(line));
  return {
    ask: (line) => {
      if (over !== undefined) return Promise.reject(over);
      return new Promise((resolve, reject) => {
        asked = { resolve, reject };
        child.stdin.write(`${line}\n`);
      });
    },
    end: () => void child.stdin.end(),
  };
}
