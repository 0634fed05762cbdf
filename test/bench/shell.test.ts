import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { startShell } from '../../bench/peers/shell.ts';
import { rejection } from '../support/rejection.ts';
import { temp } from '../support/temp.ts';

test('startShell() runs commands in its directory, one after the other', async () => {
  const shell = startShell(temp);
  await shell.run('mkdir new && sleep 0.05 && touch new/file');
  assert.ok(existsSync(join(temp, 'new/file')));
  await shell.run('rm -r new');
  assert.not(existsSync(join(temp, 'new')));
  shell.end();
});

test('startShell() does not take a failed command for a quick one', async () => {
  const shell = startShell(temp);
  const { message } = await rejection(shell.run('false'));
  assert.is(message, '"false" ended with status 1');
  shell.end();
});

test.run();
