import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { findRuntime } from '../../src/runtime/find-runtime.ts';
import { temp } from '../support/temp.ts';

let count = 0;

/** A new directory with these directories in it. */
function tree(...directories: string[]): string {
  const path = join(temp, `tree${++count}`);
  mkdirSync(path);
  for (const directory of directories) mkdirSync(join(path, directory), { recursive: true });
  return path;
}

test('findRuntime() takes files/ of a deployment', () => {
  const path = tree('files/bin', 'files/lib');
  const root = join(path, 'files');
  assert.equal(findRuntime(path), { root, ref: join(root, '.ref'), layout: 'usr' });
  const whole = tree('files/usr/bin');
  assert.is(findRuntime(whole).layout, 'root');
});

test('findRuntime() takes a merged /usr as it is', () => {
  const path = tree('bin', 'lib');
  assert.equal(findRuntime(path), { root: path, ref: join(path, '.ref'), layout: 'usr' });
});

test('findRuntime() takes a whole root filesystem as it is, with its own .ref', () => {
  const path = tree('bin', 'lib', 'usr');
  assert.equal(findRuntime(path), { root: path, ref: join(path, '.ref'), layout: 'root' });
  assert.is(findRuntime(tree('usr')).layout, 'root');
});

test('findRuntime() takes /.ref for /, as inside a container', () => {
  assert.is(findRuntime('/').ref, '/.ref');
});

test('findRuntime() follows a symbolic link to a runtime', () => {
  const link = join(temp, 'current');
  symlinkSync(tree('files/bin', 'files/lib'), link);
  assert.is(findRuntime(link).ref, join(link, 'files/.ref'));
});

test('findRuntime() refuses what is no runtime, and says why', () => {
  const fails = (path: string, code: string, message: RegExp) =>
    assert.throws(
      () => findRuntime(path),
      (error: { code: string; message: string }) =>
        error.code === code && message.test(error.message),
    );
  const nothing = join(temp, 'nothing');
  fails(nothing, 'ENOENT', /^Cannot use ".*\/nothing" as a runtime: no such file or directory/);
  const file = join(temp, 'file');
  writeFileSync(file, '');
  fails(file, 'ENOTDIR', /not a directory/);
  fails(tree('bin'), 'ERR_NOT_A_RUNTIME', /no files\/, no usr\/, and not both bin\/ and lib\/$/);
  const withFile = tree('lib');
  writeFileSync(join(withFile, 'bin'), '');
  fails(withFile, 'ERR_NOT_A_RUNTIME', /not both/);
});

test.run();
