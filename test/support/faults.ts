/**
 * System calls that fail when a test says so: `fixtures/fault.c` runs the test file anew and is asked
 * about its calls, in whichever thread and through whichever library they are made.
 */

import { spawnSync } from 'node:child_process';
import { openSync, readSync, writeSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import type { LockEngine } from '../../src/mod.ts';
import { compileFixture } from './compile.ts';
import { kind } from './kind.ts';
import { runtime } from './runtime.ts';
import { newFile } from './temp.ts';
import { testEngine } from './test-engine.ts';

/** Calls that can be made to fail, in the order in which the rules number them. */
const calls = [
  ...['fcntl', 'openat', 'openat2', 'statx', 'inotify_init1', 'clone', 'clone3'],
  ...['copy_file_range', 'ioctl', 'linkat', 'write', 'mkdirat', 'symlinkat', 'unlinkat'],
  ...['getdents64', 'fstatfs', 'fgetxattr', 'fsetxattr', 'fremovexattr', 'lremovexattr'],
] as const;
/** A system call that can be made to fail. */
export type Call = typeof calls[number];

/** The commands of fcntl(2), its second argument, by which locks are tried and awaited here. */
export const [SETLK, SETLKW] = kind === 'ofd' ? [37, 38] : [6, 7];

/** Which calls fail, and how. */
export interface Rule {
  readonly call: Call;
  readonly errno: number;
  /** How often; for ever, if it is not given. */
  readonly times?: number;
  /** An argument that must have a value, in the bits of a mask. */
  readonly argument?: { readonly index: number; readonly value: number; readonly mask?: number };
  /** How the path must end, for calls that have one as their second argument. */
  readonly path?: string;
}

/** A rule that is in force. */
export interface Fault {
  /** How often it has been applied. */
  applied(): number;
  end(): void;
}

// struct rule in fixtures/fault.c: six int64 and the path.
const RULES = 256;
const RULE_SIZE = 256;
const PATH = 48;
const VARIABLE = 'REFLOCK_TEST_FAULT_RULES';

const file = process.env[VARIABLE];
const rules = file === undefined ? -1 : openSync(file, 'r+');
const inForce = new Set<Fault>();
let count = 0;

/**
 * Begins a test file whose calls can be made to fail: it is run once more, supervised, and this
 * process ends as that one does. Where that cannot be done all tests by {@linkcode testFault} are
 * skipped, which is said.
 */
export function beginFaults(url: string): void {
  if (rules !== -1) return;
  const { command: supervisor, why } = compileFixture('fault');
  const path = newFile();
  const begin = [path, calls.join()];
  const skip = (why: string) => console.log(`skipped: system calls cannot be made to fail: ${why}`);
  if (supervisor === undefined) return skip(why);
  const probe = spawnSync(supervisor, [...begin, 'true'], { encoding: 'utf8' });
  if (probe.status !== 0) return skip(probe.stderr.trim());
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const command = [...begin, process.execPath, ...flags, fileURLToPath(url)];
  const { status } = spawnSync(supervisor, command, {
    stdio: 'inherit',
    env: { ...process.env, [VARIABLE]: path },
  });
  process.exit(status ?? 1);
}

/** Makes calls of this process fail from now on. */
export function fault({ call, errno, times = Infinity, argument, path = '' }: Rule): Fault {
  if (count === RULES) throw new Error('no more rules');
  const slot = count++;
  const bytes = new Uint8Array(RULE_SIZE);
  const numbers = new BigInt64Array(bytes.buffer, 0, 6);
  const { index = -1, value = 0, mask = 0xffffffff } = argument ?? {};
  numbers.set([0, calls.indexOf(call), errno, index, mask, value].map(BigInt));
  bytes.set(new TextEncoder().encode(path), PATH);
  writeSync(rules, bytes, 0, RULE_SIZE, slot * RULE_SIZE);
  const setTimes = (times: number): void => {
    const most = BigInt(Math.min(times, Number.MAX_SAFE_INTEGER));
    writeSync(rules, new Uint8Array(BigInt64Array.of(most).buffer), 0, 8, slot * RULE_SIZE);
  };
  setTimes(times);
  const self: Fault = {
    applied: () => {
      const bytes = new BigInt64Array(1);
      readSync(rules, new Uint8Array(bytes.buffer), 0, 8, RULES * RULE_SIZE + slot * 8);
      return Number(bytes[0]);
    },
    end: () => {
      setTimes(0);
      inForce.delete(self);
    },
  };
  inForce.add(self);
  return self;
}

/**
 * How often one call that does not block has to fail: on Deno and Bun what has failed is made again by
 * koffi (`linux/quick-calls.ts`).
 */
export const oneFailure: number = runtime === 'node' ? 1 : 2;

/** The commonest fault: a lock call on the calling thread, or one that blocks. */
export function faultyLock(command: 'try' | 'wait', errno: number, times?: number): Fault {
  const value = command === 'try' ? SETLK : SETLKW;
  const argument = { index: 1, value };
  return fault({ call: 'fcntl', errno, argument, ...(times !== undefined && { times }) });
}

/** A test in which calls may be made to fail; when it is over, all work again. */
export function testFault(name: string, body: () => void | Promise<void>): void {
  if (rules === -1) test.skip(name, body as () => void);
  else test(name, () => endingFaults(body));
}

/** The same for an engine of the test's own, which must bear it. */
export function testEngineFault(
  name: string,
  body: (engine: LockEngine) => void | Promise<void>,
): void {
  if (rules === -1) test.skip(name, body as () => void);
  else testEngine(name, (engine) => endingFaults(() => body(engine)));
}

async function endingFaults(body: () => void | Promise<void>): Promise<void> {
  try {
    await body();
  } finally {
    endFaults();
  }
}

/** Has all calls work again. */
export function endFaults(): void {
  for (const one of inForce) one.end();
}
