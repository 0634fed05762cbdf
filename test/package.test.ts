import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from './support/process.ts';
import { root, runtime } from './support/runtime.ts';
import { temp } from './support/temp.ts';

const { version, dependencies } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));

/** Packs the package and lays it out as a dependency of a program that has nothing else. */
function install(): { home: string; files: string[] } {
  const home = join(temp, 'consumer');
  const target = join(home, 'node_modules/reflock');
  mkdirSync(target, { recursive: true });
  const packed = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', temp],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  ).trim();
  execFileSync('tar', ['-xzf', join(temp, packed), '-C', target, '--strip-components=1']);
  for (const name of Object.keys(dependencies)) {
    symlinkSync(`${root}/node_modules/${name}`, join(home, 'node_modules', name));
  }
  const manifest = { type: 'module', dependencies: { ...dependencies, reflock: version } };
  writeFileSync(join(home, 'package.json'), JSON.stringify(manifest));
  const list = execFileSync('find', ['.', '-type', 'f'], { cwd: target, encoding: 'utf8' });
  return { home, files: list.trim().split('\n') };
}

test('the packed package waits for a lock and has a command, and no tests in it', async () => {
  const { home, files } = install();
  assert.ok(files.includes('./README.md') && files.includes('./LICENSE'));
  assert.ok(files.includes('./dist/src/mod.d.ts'));
  assert.not(files.some((file) => file.includes('test')), files.join());

  const script = join(home, 'program.mjs');
  writeFileSync(
    script,
    `import { lock, LockEngine } from 'reflock';
    const path = ${JSON.stringify(join(temp, 'packed.ref'))};
    // Another engine's lock, so that the wait needs a thread, whose code must be in the package.
    const first = new LockEngine().tryLock(path, { create: true });
    const second = await lock(path, { onWait: () => setTimeout(() => first.release()) });
    console.log(second.mode);
    second.release();`,
  );
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const program = start([process.execPath, ...flags, script], { cwd: home });
  assert.is(await program.line(), 'exclusive', program.stderr());
  assert.equal(await program.ended, { code: 0, signal: null });

  const command = join(home, 'node_modules/reflock/dist/src/cli/main.js');
  const reflock = start([process.execPath, ...flags, command, '--version'], { cwd: home });
  assert.match((await reflock.line())!, version, reflock.stderr());
  await reflock.ended;
});

test.run();
