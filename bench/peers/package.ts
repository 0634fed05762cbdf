import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { type Absent, absent } from '../measure.ts';
import { root, scriptCommand } from '../place.ts';

/** What is measured of other packages, none of which has to be there. */
export interface Packages {
  readonly 'fs-native-extensions': {
    /** Takes an OFD lock if it is free. */
    tryLock(fd: number): boolean;
    /** Waits for an OFD lock, in a thread of its own. */
    waitForLock(
      fd: number,
      offset?: number,
      length?: number,
      options?: { shared?: boolean },
    ): Promise<void>;
  };
  readonly 'fs-ext': {
    readonly constants: { readonly F_WRLCK: number };
    /** Takes a lock of `flock(2)`, or throws. */
    flockSync(fd: number, flags: 'exnb'): void;
    /** Waits for a lock of the process, in a thread of `node:fs`. */
    fcntl(fd: number, command: 'setlkw', type: number, done: (error?: Error) => void): void;
  };
  readonly 'os-lock': {
    /** Waits for a lock of the process, in a thread of `node:fs`. */
    lock(fd: number, options: { exclusive: true; immediate: false }): Promise<void>;
  };
  readonly 'proper-lockfile': {
    /** Makes a directory beside the file, or throws. */
    lockSync(path: string): () => void;
    /** Makes a directory beside the file; gives what removes it. */
    lock(path: string): Promise<() => Promise<void>>;
  };
  readonly koffi: typeof import('koffi');
}

/** The name of one of them. */
export type PackageName = keyof Packages;

/** Those of `bench/peers/node_modules` are found, and those of any directory above. */
const find = createRequire(`${root}bench/peers/`);

/** Loads a package into this process. */
export function load<Name extends PackageName>(name: Name): Packages[Name] {
  return find(name);
}

/** By this the probe introduces the reason of a failure that it has lived to tell. */
export const REASON = 'reason: ';

/**
 * Loads a package if one of its functions works on this runtime, or tells why not, as `shown`. Where a
 * runtime lacks what an addon wants of it, loading may go well and the first call end the process, so
 * that call is made in another process.
 */
export function loadIfItWorks<Name extends PackageName>(
  name: Name,
  need: string,
  path: string,
  shown: string = name,
): Packages[Name] | Absent {
  if (!isInstalled(name)) return absent(shown, 'not installed');
  const [command, ...args] = scriptCommand('bench/peers/probe.ts');
  const { status, stderr } = spawnSync(command!, [...args, name, need, path], {
    encoding: 'utf8',
    timeout: 20_000,
    // Bun sends a report to its makers when it crashes; this crash is one they know.
    env: { ...process.env, BUN_ENABLE_CRASH_REPORTING: '0' },
  });
  return status === 0 ? load(name) : absent(shown, reason(stderr));
}

function isInstalled(name: string): boolean {
  try {
    find.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The versions of those that are there. */
export function packageVersions(): Record<string, string> {
  const names = [
    'fs-native-extensions',
    'fs-ext',
    'os-lock',
    'proper-lockfile',
    'koffi',
    'comlink',
  ];
  return Object.fromEntries(names.filter(isInstalled).map((name) => [name, versionOf(name)]));
}

/** Not by `require()` of its `package.json`, which a package need not export. */
function versionOf(name: string): string {
  const file = find.resolve(name);
  const end = `node_modules/${name}/`;
  const home = file.slice(0, file.lastIndexOf(end) + end.length);
  return JSON.parse(readFileSync(`${home}package.json`, 'utf8')).version;
}

/** Why addons do not run on some runtimes, as these put it. */
const TELLING =
  /undefined symbol: \w+|unsupported uv function: \w+|legacy Node.js native addon API|different Node.js ABI version/;
/** The most characters of a reason that nobody has thought of. */
const MOST = 80;

/** Finds the reason in what the probe, or the runtime that could not go on, has written. */
function reason(stderr: string): string {
  const known = TELLING.exec(stderr)?.[0];
  if (known !== undefined) return `does not run here: ${known}`;
  const told = stderr.split('\n').find((line) => line.startsWith(REASON))?.slice(REASON.length);
  if (told === undefined) return 'does not run here';
  return told.length > MOST ? `${told.slice(0, MOST)}…` : told;
}
