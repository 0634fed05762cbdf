import { existsSync, mkdirSync } from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { collectGarbage, createCopy, removeRuntime, useRuntime } from '../../src/runtime/mod.ts';
import { rejection } from '../support/rejection.ts';
import { newPath } from '../support/temp.ts';

test('an empty path is nothing, and never the current directory', async () => {
  const path = newPath();
  mkdirSync(`${path}/usr`, { recursive: true });
  mkdirSync(`${path}/tmp-old`);
  process.chdir(path);
  for (const work of [removeRuntime, collectGarbage, useRuntime]) {
    assert.is((await rejection(work(''))).code, 'ENOENT');
  }
  assert.is((await rejection(createCopy('', '.'))).code, 'ENOENT');
  assert.is((await rejection(createCopy('.', ''))).code, 'ENOENT');
  assert.ok(existsSync(`${path}/usr`) && existsSync(`${path}/tmp-old`));
});

test.run();
