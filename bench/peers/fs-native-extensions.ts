import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import process from 'node:process';
import { type Absent, absent } from '../measure.ts';
import { scriptCommand } from '../place.ts';

/** What is measured of the package `fs-native-extensions`, which brings no types. */
export interface FsNativeExtensions {
  /** Takes the lock if it is free. */
  tryLock(fd: number): boolean;
  /** Waits for the lock, in a thread of its own. */
  waitForLock(fd: number): Promise<void>;
}

/** Which of its functions a case needs. */
export type Need = keyof FsNativeExtensions;

/** Loads the addon into this process. */
export function load(): FsNativeExtensions {
  return createRequire(import.meta.url)('fs-native-extensions');
}

/**
 * Loads the addon if the function works on this runtime. Where a runtime lacks what the addon
 * wants of libuv, loading may go well and the first call end the process, so that call is made
 * in another process.
 */
export function loadIfItWorks(need: Need, path: string): FsNativeExtensions | Absent {
  const [command, ...args] = scriptCommand('bench/peers/probe.ts');
  const { status, stderr } = spawnSync(command!, [...args, need, path], {
    encoding: 'utf8',
    timeout: 20_000,
    // Bun sends a report to its makers when it crashes; this crash is one they know.
    env: { ...process.env, BUN_ENABLE_CRASH_REPORTING: '0' },
  });
  if (status === 0) return load();
  const why = /undefined symbol: \w+|unsupported uv function: \w+/.exec(stderr)?.[0];
  return absent('fs-native-extensions', `does not run here${why ? `: ${why}` : ''}`);
}
