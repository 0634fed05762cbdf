import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync } from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import { scriptCommand } from './runtime.ts';
import { temp } from './temp.ts';
import { newPlace } from './trees.ts';

const VARIABLE = 'REFLOCK_TEST_OWN_MOUNTS';
const mounts = process.env[VARIABLE];

/**
 * Runs a test file again as one that may mount, with mounts that nobody else sees and that end with
 * it. Gives whether this is that run; where there can be none, it says so and skips what the file
 * tests by {@linkcode testMounting}.
 */
export function runWithOwnMounts(script: string): boolean {
  if (mounts !== undefined) return true;
  const why = process.getuid!() !== 0
    ? 'root'
    : spawnSync('unshare', ['--mount', 'true']).status !== 0
    ? 'mount namespaces'
    : undefined;
  if (why !== undefined) {
    console.log(`skipped: ${script} needs ${why}`);
    return false;
  }
  // The place outlives the mounts, so that it can be deleted; others must find the way to it.
  const place = newPlace();
  mkdirSync(place);
  chmodSync(temp, 0o755);
  const done = spawnSync('unshare', ['--mount', ...scriptCommand(script)], {
    stdio: 'inherit',
    env: { ...process.env, [VARIABLE]: place },
  });
  process.exit(done.status ?? 1);
}

/** A test that mounts; see {@linkcode runWithOwnMounts}. */
export function testMounting(name: string, body: () => void | Promise<void>): void {
  if (mounts !== undefined) test(name, body);
  else test.skip(name, body);
}

/** Mounts a new filesystem and gives its place. */
export function mountNew(type: 'tmpfs' | 'ramfs', options = 'defaults'): string {
  const place = mkdtempSync(`${mounts}/`);
  execFileSync('mount', ['-t', type, '-o', `mode=755,${options}`, type, place]);
  return place;
}

/** Mounts a directory at another place too, with options of its own, and gives that place. */
export function mountAgain(directory: string, options: string): string {
  const place = mkdtempSync(`${mounts}/`);
  execFileSync('mount', ['--bind', directory, place]);
  execFileSync('mount', ['-o', `remount,bind,${options}`, place]);
  return place;
}

/** Makes a copy in a process of its own, which a command starts, and gives its path. */
export function copyBy(command: readonly string[], ...args: readonly string[]): string {
  const [program, ...rest] = [...command, ...scriptCommand('test/fixtures/copy.ts'), ...args];
  const { stdout, stderr, error } = spawnSync(program!, rest, { encoding: 'utf8' });
  const [path] = stdout?.split('\n') ?? [];
  if (path?.startsWith('/')) return path;
  throw new Error(`no copy: ${path} ${stderr}`, { cause: error });
}
