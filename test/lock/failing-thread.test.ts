import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../support/subject.ts';
import { copyPackage, extension } from '../support/copy-package.ts';
import { within } from '../support/eventually.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { runtime } from '../support/runtime.ts';
import { newFile, newPath } from '../support/temp.ts';

test('waits for which no thread can start do without, and have one as soon as there can be one', async () => {
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
  const held = (await tryLock(path))!;
  const script = join(home, 'script.mjs');
  writeFileSync(
    script,
    `import process from 'node:process';
    import { LockEngine } from './src/mod.${extension}';
    // Some runtimes report here what the threads threw.
    process.on('uncaughtException', () => {});
    const path = ${JSON.stringify(path)};
    const engine = new LockEngine({ maxThreads: 2 });
    const until = async (condition) => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const wait = engine.lock(path);
    for (let ms = 0; ms < 8; ms++) {
      const abort = new AbortController();
      const other = engine.lock(path, { signal: abort.signal }).catch((reason) => reason);
      setTimeout(() => abort.abort('given up'), ms);
      if (await other !== 'given up') throw new Error('not given up');
    }
    await until(() => engine.stats().parked === 1);
    console.log('parked');
    (await wait).release();
    console.log('granted');
    process.stdin.once('data', async () => {
      process.stdin.destroy();
      (await engine.lock(path)).release();
      console.log('granted');
      await engine.close();
      console.log(engine.stats().blocked, engine.stats().threads);
    });
    console.log('ready');`,
  );
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const program = start([process.execPath, ...flags, script]);
  const next = () => within(10_000, 'the next line', program.line());
  assert.is(await next(), 'parked', program.stderr());
  held.release();
  assert.is(await next(), 'granted', program.stderr());
  assert.is(await next(), 'ready', program.stderr());
  const again = (await tryLock(path))!;
  rmSync(failing);
  program.send('go');
  await mustBlock(path);
  again.release();
  assert.is(await next(), 'granted', program.stderr());
  assert.is(await next(), '0 0', program.stderr());
  await program.ended;
});

test.run();
