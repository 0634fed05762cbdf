import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockError } from '../../src/mod.ts';
import { findRuntime } from '../../src/runtime/find-runtime.ts';
import { removeRuntime, useRuntime } from '../../src/runtime/mod.ts';
import { start } from '../support/process.ts';
import { temp } from '../support/temp.ts';

// Removes a runtime and lays out a new one, as fast as can be, both by renaming. Whoever is on its way
// in may make a lock file while the rest goes. On a busy machine it would stay away most of the time,
// so it rests whenever it is there.
const vanishing = `
import os, shutil, sys, time
here, next, aside = sys.argv[1:]
names = ['bin', 'lib', 'usr']
def lay_out():
    os.mkdir(next)
    for name in names: os.mkdir(next + '/' + name)
    open(next + '/.ref', 'w').close()
lay_out()
print(flush=True)
while True:
    os.rename(here, aside)
    while os.path.exists(aside): shutil.rmtree(aside, ignore_errors=True)
    os.rename(next, here)
    lay_out()
    time.sleep(0.0005)
`;

let count = 0;

/** The path of a new runtime, a whole root filesystem. */
function newRuntime(): string {
  const path = join(temp, `runtime${++count}`);
  for (const name of ['bin', 'lib', 'usr']) mkdirSync(join(path, name), { recursive: true });
  writeFileSync(join(path, '.ref'), '');
  return path;
}

/** Calls while a runtime comes and goes, until it was gone and was there so many times each. */
async function calls(
  path: string,
  times: number,
  there: string,
  call: (path: string) => string | Promise<string>,
): Promise<void> {
  const program = start(['python3', '-c', vanishing, path, `${path}-next`, `${path}-aside`]);
  await program.line();
  const seen: Record<string, number> = { [there]: 0, ENOENT: 0 };
  while (seen[there]! < times || seen.ENOENT! < times) {
    let outcome: string;
    try {
      outcome = await call(path);
    } catch (error) {
      outcome = error instanceof LockError ? error.code : String(error);
    }
    seen[outcome] = (seen[outcome] ?? 0) + 1;
  }
  await program.kill();
  assert.equal(Object.keys(seen), [there, 'ENOENT'], JSON.stringify(seen));
}

test('findRuntime() finds what comes and goes as it is, or says that it is gone', async () => {
  await calls(newRuntime(), 300, 'root', (path) => findRuntime(path).layout);
});

test('useRuntime() takes what comes and goes as it is, or says that it is gone', async () => {
  await calls(newRuntime(), 300, 'root', async (path) => {
    const { layout, lock } = await useRuntime(path);
    lock.release();
    return layout;
  });
});

test('removeRuntime() finds what comes and goes, or says that it is gone', async () => {
  await calls(newRuntime(), 100, 'there', async (path) => {
    await removeRuntime(path, { dryRun: true });
    return 'there';
  });
});

test.run();
