import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { copyPackage, extension } from '../support/copy-package.ts';
import { start } from '../support/process.ts';
import { ended, sampleRuntime } from '../support/reflock.ts';
import { runtime } from '../support/runtime.ts';

test('without a terminal there is no bar, and what would draw it is not loaded', async () => {
  // A copy of the package that does not have it.
  const home = copyPackage('no-bar', ['koffi', 'piscina', 'pretty-bytes']);
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const command = [process.execPath, ...flags, join(home, `src/cli/main.${extension}`)];
  const removed = sampleRuntime();
  writeFileSync(join(removed, '.ref'), '');
  const { out, err } = await ended(start([...command, 'rm', removed]), 0);
  assert.match(out.join('\n'), /^removed /);
  assert.equal(err, []);
  assert.not(existsSync(removed));
});

test.run();
