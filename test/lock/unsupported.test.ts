import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyPackage } from '../support/copy-package.ts';
import { start } from '../support/process.ts';
import { runtime } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';

/** Runs a program against that copy; gives the lines it prints. */
async function run(home: string, prelude: string): Promise<string[]> {
  const ext = runtime === 'node' ? 'js' : 'ts';
  const script = join(home, 'script.mjs');
  writeFileSync(
    script,
    `${prelude}
    const { lock, tryLock, LockEngine, adoptLock, query } = await import('./src/mod.${ext}');
    const { connectEngine } = await import('./src/remote/mod.${ext}');
    console.log('imported');
    const file = ${JSON.stringify(join(temp, 'never.ref'))};
    const say = (error) => console.log(error.name, error.code, error.message);
    for (const use of [
      () => tryLock(file, { create: true }),
      () => new LockEngine(),
      () => adoptLock(0, { mode: 'shared' }),
      () => query(),
      () => connectEngine({ postMessage() {} }),
    ]) {
      try { use(); console.log('nothing'); } catch (error) { say(error); }
    }
    await lock(file, { create: true }).catch(say);`,
  );
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const program = start([process.execPath, ...flags, script]);
  const lines: string[] = [];
  for (let line; (line = await program.line()) !== undefined;) lines.push(line);
  assert.is((await program.ended).code, 0, program.stderr());
  return lines;
}

test('without koffi the import works, and the first use is ERR_LOCK_UNSUPPORTED', async () => {
  const [first, ...rest] = await run(copyPackage('no-koffi', ['comlink']), '');
  assert.is(first, 'imported');
  assert.is(rest.length, 6);
  for (const line of rest) {
    assert.match(
      line,
      /^LockError ERR_LOCK_UNSUPPORTED Cannot lock files: libc cannot be loaded through koffi: /,
    );
  }
});

test('on another system the import works, and the first use is ERR_LOCK_UNSUPPORTED', async () => {
  const home = copyPackage('not-linux', ['comlink', 'koffi']);
  const elsewhere = `import process from 'node:process';
    Object.defineProperty(process, 'platform', { value: 'darwin' });`;
  const [first, ...rest] = await run(home, elsewhere);
  assert.is(first, 'imported');
  assert.is(rest.length, 6);
  for (const line of rest) {
    assert.is(
      line,
      'LockError ERR_LOCK_UNSUPPORTED Cannot lock files: file locks of this kind need Linux, ' +
        'and this is darwin',
    );
  }
});

test.run();
