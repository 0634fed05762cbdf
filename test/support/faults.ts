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
  ...['getdents64', 'fstatfs', 'fgetxattr', 'fsetxattr', 'fremovexattr'],
] as const;
/** A system call that can be made to fail. */
export type Call = typeof calls[number];

/** The commands of fcntl(2), its second argument, by which locks are tried and awaited here. */
export const [SETLK, SETLKW] = kind === 'ofd' ? [37, 38] : [6, 7];

/**
 * Instead of an `errno`: the call does not return before the rule has ended, and then does what it
 * would have done. No signal ends it but a fatal one: so do calls on a filesystem whose server is gone.
 */
export const HANG = -1;

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
const CAN_HANG = RULES * (RULE_SIZE + 8);
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
  const prepared = prepareFaults();
  if ('why' in prepared) {
    return console.log(`skipped: system calls cannot be made to fail: ${prepared.why}`);
  }
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const [supervisor, ...begin] = prepared.command;
  const command = [...begin, process.execPath, ...flags, fileURLToPath(url)];
  const { status } = spawnSync(supervisor!, command, {
    stdio: 'inherit',
    env: { ...process.env, ...prepared.env },
  });
  process.exit(status ?? 1);
}

/** Another program that makes its own calls fail. */
export interface Prepared {
  /** What comes before its command. */
  readonly command: readonly string[];
  readonly env: Record<string, string>;
  /** Whether calls can hang there. */
  readonly canHang: boolean;
}

/** Prepares to run a program, or says why that cannot be done. */
export function prepareFaults(): Prepared | { readonly why: string } {
  const { command: supervisor, why } = compileFixture('fault');
  if (supervisor === undefined) return { why };
  const path = newFile();
  const command = [supervisor, path, calls.join()];
  const probe = spawnSync(supervisor, [...command.slice(1), 'true'], { encoding: 'utf8' });
  if (probe.status !== 0) return { why: probe.stderr.trim() };
  const canHang = readNumber(openSync(path, 'r'), CAN_HANG) === 1;
  return { command, env: { [VARIABLE]: path }, canHang };
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
    applied: () => readNumber(rules, RULES * RULE_SIZE + slot * 8),
    end: () => {
      setTimes(0);
      inForce.delete(self);
    },
  };
  inForce.add(self);
  return self;
}

function readNumber(file: number, offset: number): number {
  const bytes = new BigInt64Array(1);
  readSync(file, new Uint8Array(bytes.buffer), 0, 8, offset);
  return Number(bytes[0]);
}

/** Whether calls of this process can be made to hang; says so if not. */
export function canHang(): boolean {
  if (rules === -1) return false;
  const can = readNumber(rules, CAN_HANG) === 1;
  if (!can) console.log('skipped: calls that no signal ends need Linux 5.19');
  return can;
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
