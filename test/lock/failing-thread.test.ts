import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { copyPackage, extension } from '../support/copy-package.ts';
import { within } from '../support/eventually.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { runtime } from '../support/runtime.ts';
import { newFile, newPath } from '../support/temp.ts';

test('after threads that could not start, the engine goes on, whoever gave up meanwhile', async () => {
  // A copy of the package whose pool threads fail as long as a file exists.
  const home = copyPackage('failing-thread', ['koffi', 'piscina']);
  const worker = join(home, `workers/blocked-lock.${extension}`);
  const failing = newPath();
  writeFileSync(failing, '');
  writeFileSync(
    worker,
    `import { existsSync } from 'node:fs';
    if (existsSync(${JSON.stringify(failing)})) throw new Error('no thread today');
    ${readFileSync(worker, 'utf8')}`,
  );
  const path = newFile();
  const held = tryLock(path)!;
  const script = join(home, 'script.mjs');
  writeFileSync(
    script,
    `import process from 'node:process';
    import { LockEngine } from './src/mod.${extension}';
    // Some runtimes report here what the threads threw.
    process.on('uncaughtException', () => {});
    const path = ${JSON.stringify(path)};
    const engine = new LockEngine({ maxThreads: 2 });
    const outcome = (promise) => promise.then(() => 'granted', (e) => e.code ?? e);
    console.log(await outcome(engine.lock(path)));
    for (let ms = 0; ms < 8; ms++) {
      const abort = new AbortController();
      const wait = outcome(engine.lock(path, { signal: abort.signal }));
      setTimeout(() => abort.abort('given up'), ms);
      await wait;
    }
    // When this one has failed, so have the threads of those that were given up.
    console.log(await outcome(engine.lock(path)));
    process.stdin.once('data', async () => {
      process.stdin.destroy();
      console.log('again');
      const wait = engine.lock(path);
      (await wait).release();
      console.log('granted');
      await engine.close();
      console.log(engine.stats().blocked, engine.stats().threads);
    });
    console.log('failed');`,
  );
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const program = start([process.execPath, ...flags, script]);
  assert.is(await program.line(), 'ERR_LOCK_UNSUPPORTED', program.stderr());
  const failed = within(10_000, 'the failure after those given up', program.line());
  assert.is(await failed, 'ERR_LOCK_UNSUPPORTED', program.stderr());
  assert.is(await program.line(), 'failed', program.stderr());
  rmSync(failing);
  program.send('go');
  assert.is(await program.line(), 'again', program.stderr());
  await mustBlock(path);
  held.release();
  assert.is(await program.line(), 'granted', program.stderr());
  assert.is(await program.line(), '0 0', program.stderr());
  await program.ended;
});

test.run();
