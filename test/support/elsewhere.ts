import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LockEngine, type LockMode, type TryLockOptions } from '../../src/mod.ts';
import { kind } from './kind.ts';
import { root } from './runtime.ts';

/** A lock that somebody holds. */
export interface HeldLock {
  readonly released: boolean;
  release(): void;
  downgrade(): void;
}

const engine = new LockEngine();

/**
 * Takes a free lock for somebody of whom only the kernel knows: whoever waits for it blocks a thread.
 * That is another engine or, as a process-associated lock is everybody's in the process, another
 * process.
 */
export function holdElsewhere(path: string, options?: TryLockOptions): HeldLock {
  return tryElsewhere(path, options)!;
}

/** The same for a lock that may not be free. */
export function tryElsewhere(path: string, options: TryLockOptions = {}): HeldLock | undefined {
  return kind === 'ofd' ? engine.tryLock(path, options) : tryInProcess(path, options);
}

function tryInProcess(
  path: string,
  { mode = 'exclusive', range }: TryLockOptions,
): HeldLock | undefined {
  const { start, length } = range ?? { start: 0, length: 0 };
  const take = (mode: LockMode): string => ask(`take ${path} ${mode} ${start} ${length}`);
  const lock = take(mode);
  if (lock === 'busy') return undefined;
  let released = false;
  return {
    get released() {
      return released;
    },
    release() {
      if (!released) ask(`close ${lock}`);
      released = true;
    },
    downgrade: () => void ask(`downgrade ${lock}`),
  };
}

// Before anybody counts descriptors.
const ask: (command: string) => string = kind === 'ofd' ? never : startProcess();

function never(): never {
  throw new Error('there is no other process');
}

/** Starts a process that can be asked without a turn of the event loop, and ends with this one. */
function startProcess(): (command: string) => string {
  // Not where tests look for descriptors that were left open.
  const place = mkdtempSync(join(tmpdir(), 'reflock-elsewhere-'));
  const [commands, answers] = [join(place, 'commands'), join(place, 'answers')];
  execFileSync('mkfifo', [commands, answers]);
  // With both ends open no open waits for the other one.
  const [toWrite, toRead] = [openSync(commands, 'r+'), openSync(answers, 'r+')];
  const stdio = [openSync(commands, 'r'), openSync(answers, 'w')] as const;
  spawn('python3', [`${root}/test/fixtures/outsider.py`], { stdio: [...stdio, 'inherit'] }).unref();
  for (const fd of stdio) closeSync(fd);
  rmSync(place, { recursive: true });
  const bytes = new Uint8Array(1024);
  const answer = (): string => {
    let text = '';
    while (!text.endsWith('\n')) {
      const size = uninterrupted(() => readSync(toRead, bytes));
      text += new TextDecoder().decode(bytes.subarray(0, size));
    }
    return text.trim();
  };
  answer();
  return (command) => {
    uninterrupted(() => writeSync(toWrite, `${command}\n`));
    return answer();
  };
}

/** Some tests have signals come all the time. */
function uninterrupted(call: () => number): number {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EINTR') throw error;
    }
  }
}
