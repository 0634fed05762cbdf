// Makes one call of a package that is measured: exit status 0 means that it works on this runtime.
//
// usage: probe PACKAGE FUNCTION FILE

import { openSync } from 'node:fs';
import process from 'node:process';
import { waitByKoffi } from './koffi.ts';
import { load, type PackageName, type Packages, REASON } from './package.ts';

const [name, need, path] = process.argv.slice(2);
const fd = openSync(path!, 'r+');

/** The calls that can be tried, by package and function. */
const calls: {
  [Name in PackageName]: Record<string, (loaded: Packages[Name]) => unknown>;
} = {
  'fs-native-extensions': {
    tryLock: (addon) => addon.tryLock(fd),
    waitForLock: (addon) => addon.waitForLock(fd),
  },
  'fs-ext': {
    flockSync: (addon) => addon.flockSync(fd, 'exnb'),
    fcntl: ({ constants, fcntl }) =>
      new Promise<void>((resolve, reject) =>
        fcntl(fd, 'setlkw', constants.F_WRLCK, (error) => error ? reject(error) : resolve())
      ),
  },
  'os-lock': { lock: (addon) => addon.lock(fd, { exclusive: true, immediate: false }) },
  'proper-lockfile': {
    lockSync: (lockfile) => lockfile.lockSync(path!)(),
    lock: async (lockfile) => (await lockfile.lock(path!))(),
  },
  koffi: { async: (koffi) => waitByKoffi(koffi)(fd) },
};

await attempt(name as PackageName);

/** Makes the call, or says in one line what was wrong and ends. */
async function attempt<Name extends PackageName>(name: Name): Promise<void> {
  let doing = 'load';
  try {
    const loaded = load(name);
    doing = 'work';
    await calls[name][need!]!(loaded);
  } catch (error) {
    const [line] = String((error as Error).message ?? error).split('\n');
    process.stderr.write(`${REASON}does not ${doing}: ${line}\n`);
    process.exit(1);
  }
}
