import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyPackage, extension } from '../support/copy-package.ts';
import { start } from '../support/process.ts';
import { runtime } from '../support/runtime.ts';
import { newPath } from '../support/temp.ts';
import { makeTree, newPlace, treeOf } from '../support/trees.ts';

test('without a thread, work on trees fails and loses nothing; the next finds one', async () => {
  // A copy of the package whose pool threads fail as long as a file exists.
  const home = copyPackage('failing-task', ['koffi', 'piscina']);
  const worker = join(home, `workers/task.${extension}`);
  const failing = newPath();
  writeFileSync(failing, '');
  writeFileSync(
    worker,
    `import { existsSync } from 'node:fs';
    if (existsSync(${JSON.stringify(failing)})) throw new Error('no thread today');
    ${readFileSync(worker, 'utf8')}`,
  );
  const source = makeTree(newPlace(), ['usr/bin/tool', '.ref']);
  const before = treeOf(source);
  const parent = newPlace();
  const script = join(home, 'script.mjs');
  writeFileSync(
    script,
    `import process from 'node:process';
    import { query } from './src/mod.${extension}';
    import { collectGarbage, createCopy, removeRuntime } from './src/runtime/mod.${extension}';
    // Some runtimes report here what the threads threw.
    process.on('uncaughtException', () => {});
    const [source, parent] = ${JSON.stringify([source, parent])};
    const outcome = (promise) => promise.then(() => 'done', (e) => e.code + ' ' + e.message);
    console.log(await outcome(createCopy(source, parent)));
    console.log(JSON.stringify(query().held));
    process.stdin.once('data', async () => {
      process.stdin.destroy();
      const { lock } = await createCopy(source, parent);
      lock.release();
      console.log((await collectGarbage(parent)).deleted.length);
      console.log(await outcome(removeRuntime(source)));
    });
    console.log('failed');`,
  );
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const program = start([process.execPath, ...flags, script]);
  assert.match(
    (await program.line())!,
    /^ERR_LOCK_UNSUPPORTED Cannot copy ".*": no thread to work in: .*no thread today/,
    program.stderr(),
  );
  assert.is(await program.line(), '[]', 'no lock is left held');
  assert.is(await program.line(), 'failed');
  assert.equal(treeOf(source), before);
  assert.equal(readdirSync(parent), ['.ref'], 'what there was of the copy is deleted');
  rmSync(failing);
  program.send('go');
  assert.is(await program.line(), '1', 'the copy, and nothing was left of the first one');
  assert.is(await program.line(), 'done', program.stderr());
  await program.ended;
});

test.run();
