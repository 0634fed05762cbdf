import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { tryLock } from '../../src/mod.ts';
import { mustBlock } from '../support/must-block.ts';
import { type Program, start } from '../support/process.ts';
import { root } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';
import { makeTree, newPlace } from '../support/trees.ts';

const readme = readFileSync(`${root}/README.md`, 'utf8');
// The line of README that lists them: deno run --allow-… --allow-… program.ts
const listed = readme.match(/^deno run (--allow-.*) program\.ts$/m)?.[1]?.split(' ') ?? [];

function waiter(permissions: readonly string[], path: string): Program {
  const script = `${root}/test/fixtures/one-wait.ts`;
  return start([
    `${root}/node_modules/.bin/deno`,
    ...['run', '--no-prompt', ...permissions, script, path],
  ], { cwd: root });
}

test('the permissions that README lists are enough to wait for a lock', async () => {
  assert.ok(listed.length >= 3, 'README lists them');
  assert.not(listed.includes('--allow-all'));
  const path = newFile();
  const held = tryLock(path)!;
  const program = waiter(listed, path);
  await mustBlock(path);
  held.release();
  assert.is(await program.line(), 'released', program.stderr());
  assert.is((await program.ended).code, 0);
});

for (const missing of listed) {
  test(`without ${missing} a wait fails with a clear error and does not hang`, async () => {
    const path = newFile();
    const held = tryLock(path)!;
    const program = waiter(listed.filter((flag) => flag !== missing), path);
    assert.is((await program.ended).code, 1);
    const name = missing.split('=')[0]!;
    assert.match(program.stderr(), `Cannot lock`);
    assert.match(program.stderr(), name);
    held.release();
  });
}

test('the same permissions are enough for runtimes, wherever they lie', async () => {
  const path = makeTree(newPlace(), ['usr/bin/tool']);
  const script = `${root}/test/fixtures/runtime-tour.ts`;
  const program = start([
    `${root}/node_modules/.bin/deno`,
    ...['run', '--no-prompt', ...listed, script, path, newPlace()],
  ], { cwd: root });
  assert.is(await program.line(), '1', program.stderr());
  assert.is(await program.line(), 'true', program.stderr());
  assert.is((await program.ended).code, 0);
});

test.run();
