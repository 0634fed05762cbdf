import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { start } from './support/process.ts';
import { root } from './support/runtime.ts';

test('every example in README and in the documentation runs', async () => {
  const deno = start([
    `${root}/node_modules/.bin/deno`,
    ...['test', '--doc', '--allow-all', '--no-prompt', '--quiet'],
    ...['README.md', 'src/mod.ts', 'src/lock', 'src/runtime', 'src/remote'],
  ], { cwd: root });
  const lines: string[] = [];
  for (let line; (line = await deno.line()) !== undefined;) lines.push(line);
  const output = lines.join('\n');
  if ((await deno.ended).code !== 0) throw new Error(output + deno.stderr());
  assert.match(output, /\b(\d\d|[89]) passed/);
});

test.run();
