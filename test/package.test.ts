import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../bench/result.ts';
import { eventually } from './support/eventually.ts';
import { waitersInKernel } from './support/must-block.ts';
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

const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
const { home, files } = install();

test('the packed package waits for a lock and has a command, and no tests in it', async () => {
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
  const program = start([process.execPath, ...flags, script], { cwd: home });
  assert.is(await program.line(), 'exclusive', program.stderr());
  assert.equal(await program.ended, { code: 0, signal: null });

  const command = join(home, 'node_modules/reflock/dist/src/cli/main.js');
  const reflock = start([process.execPath, ...flags, command, '--version'], { cwd: home });
  assert.match((await reflock.line())!, version, reflock.stderr());
  await reflock.ended;
});

test('the packed package measures itself, and says what is not installed', async () => {
  const command = join(home, 'node_modules/reflock/dist/src/cli/main.js');
  const options = ['--runtime', runtime, '--case', 'try', '--rounds', '1', '--json'];
  const bench = start([process.execPath, ...flags, command, 'bench', ...options], { cwd: home });
  const result: Result = JSON.parse((await bench.line())!);
  assert.equal(await bench.ended, { code: 0, signal: null }, bench.stderr());
  const told = (name: string) => result.contenders.find((one) => one.name === name)!;
  assert.ok('median' in told('reflock') && 'median' in told('C'), JSON.stringify(result));
  const { absent } = told('fs-native-extensions') as { absent: string };
  assert.is(absent, 'not installed');

  const page = start([
    process.execPath,
    ...flags,
    command,
    'bench',
    '--report',
    join(home, 'page'),
  ]);
  assert.is(await page.line(), undefined);
  assert.equal(await page.ended, { code: 69, signal: null });
  assert.match(page.stderr(), /^reflock: Cannot write the report .*npm install echarts\n$/);
});

test('the launcher of README does what it says, in no more than 25 lines', async () => {
  const text = readFileSync(`${root}/README.md`, 'utf8').match(/^```js ignore\n(.*?)^```$/ms)![1]!;
  const lines = text.trimEnd().split('\n');
  assert.ok(lines.length <= 25, `${lines.length} lines`);
  const script = join(home, 'launcher.mjs');
  writeFileSync(script, text);
  const sniper = join(temp, 'sniper');
  mkdirSync(join(sniper, 'usr/bin'), { recursive: true });
  // A `sleep` that says that it sleeps, and waits to be woken.
  const place = mkdtempSync(join(temp, 'sleep-'));
  const [sleeping, woken] = [join(place, 'sleeping'), join(place, 'woken')];
  const sleep =
    `#!/bin/sh\necho "$1" >> ${sleeping}\nwhile [ ! -e ${woken} ]; do /bin/sleep 0.01; done\n`;
  writeFileSync(join(place, 'sleep'), sleep, { mode: 0o755 });
  const launcher = start([process.execPath, ...flags, script, sniper], {
    cwd: home,
    env: { ...process.env, PATH: `${place}:${process.env['PATH']}` },
  });
  const sleepers = () =>
    existsSync(sleeping) ? readFileSync(sleeping, 'utf8').trim().split('\n') : [];
  await eventually('four programs sleep', () => sleepers().length === 4);
  assert.equal(sleepers().sort(), ['0.2', '0.3', '0.4', '0.5']);
  await eventually('it waits for them', () => waitersInKernel(join(sniper, '.ref')) === 1);
  assert.ok(existsSync(join(sniper, 'usr/bin')), 'the runtime is in use');
  writeFileSync(woken, '');
  const said: string[] = [];
  for (let line; (line = await launcher.line()) !== undefined;) said.push(line);
  assert.equal(await launcher.ended, { code: 0, signal: null }, launcher.stderr());
  // Bun writes an object on several lines.
  assert.match(said.join(' '), /^removed \{ +held: \[\], +pending: \[\],? +\}/);
  assert.not(existsSync(sniper));
});

test.run();
