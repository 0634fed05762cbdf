import { chmodSync, lstatSync, mkdirSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { query } from '../../src/mod.ts';
import { createCopy } from '../../src/runtime/mod.ts';
import { listOf, setList } from '../support/extended.ts';
import { beginFaults, endFaults, fault, testFault } from '../support/faults.ts';
import { rejection } from '../support/rejection.ts';
import { heedsSetId } from '../support/temp.ts';
import { makeTree, newPlace } from '../support/trees.ts';

beginFaults(import.meta.url);

const { EACCES, EINVAL, EIO, ENODATA, ENOSYS, EOPNOTSUPP, EPERM, EXDEV } = constants.errno;

/** The names under which the kernel knows access control lists. */
const ACCESS = 'system.posix_acl_access';

/** The mode that the copy of a program has which can be no hard link. */
async function modeOfCopy(source: string): Promise<number> {
  fault({ call: 'linkat', errno: EXDEV, path: 'tool' });
  const { path, lock } = await createCopy(source, newPlace());
  lock.release();
  endFaults();
  return lstatSync(join(path, 'usr/bin/tool')).mode & 0o7777;
}

function withMode(mode: number): string {
  const source = makeTree(newPlace(), ['usr/bin/tool']);
  chmodSync(join(source, 'usr/bin/tool'), mode);
  return source;
}

testFault('where nobody can tell whether set-id bits were heeded, a copy has none', async () => {
  if (!heedsSetId()) return console.log('skipped: set-id bits, which mean nothing here');
  const source = withMode(0o4755);
  assert.is(await modeOfCopy(source), 0o4755);
  for (const errno of [EIO, EACCES, ENOSYS]) {
    const asked = fault({ call: 'fstatfs', errno });
    assert.is(await modeOfCopy(source), 0o755);
    assert.is(asked.applied(), 1);
  }
});

testFault('only what has set-id bits or capabilities is asked for its mount', async () => {
  const asked = fault({ call: 'fstatfs', errno: EIO });
  assert.is(await modeOfCopy(withMode(0o755)), 0o755);
  assert.is(asked.applied(), 0);
});

testFault('a list that the copy cannot have leaves no mask in its mode', async () => {
  const source = withMode(0o640);
  setList(join(source, 'usr/bin/tool'), '-m', 'u:1234:rwx');
  assert.is(await modeOfCopy(source), 0o670, 'the mask');
  for (const errno of [EACCES, EINVAL, EOPNOTSUPP, EPERM]) {
    fault({ call: 'fsetxattr', errno, path: ACCESS });
    assert.is(await modeOfCopy(source), 0o640);
  }
});

testFault('a list that cannot be read leaves the rights of the owner alone', async () => {
  const source = withMode(0o644);
  setList(join(source, 'usr/bin/tool'), '-m', 'u:1234:rwx');
  for (const errno of [EPERM, EOPNOTSUPP]) {
    fault({ call: 'fgetxattr', errno, path: ACCESS });
    assert.is(await modeOfCopy(source), 0o600);
  }
  fault({ call: 'fgetxattr', errno: ENODATA, path: ACCESS });
  assert.is(await modeOfCopy(source), 0o674, 'it has been removed, and the mode is what it is');
});

testFault('no copy is made where an inherited list cannot be taken away', async () => {
  const source = withMode(0o755);
  const parent = newPlace();
  mkdirSync(parent);
  setList(parent, '-d', '-m', 'u:1234:rwx');
  fault({ call: 'fremovexattr', errno: EIO });
  const error = await rejection(createCopy(source, parent));
  endFaults();
  assert.is(error.code, 'EIO');
  assert.match(error.message, /\(EIO from fremovexattr\)/);
  assert.equal(readdirSync(parent), ['.ref']);
  assert.equal(query(), { held: [], pending: [] });
  const copy = await createCopy(source, parent);
  assert.is(listOf(copy.path), 'user::rwx group::r-x other::r-x');
  copy.lock.release();
});

test.run();
