import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockError, query, tryLock } from '../../src/mod.ts';
import { collectGarbage, createCopy } from '../../src/runtime/mod.ts';
import {
  beginFaults,
  type Call,
  endFaults,
  fault,
  type Rule,
  testFault,
} from '../support/faults.ts';
import { openFds } from '../support/open-fds.ts';
import { rejection } from '../support/rejection.ts';
import { runtime } from '../support/runtime.ts';
import { temp } from '../support/temp.ts';
import { makeTree, newPlace, treeOf } from '../support/trees.ts';

beginFaults(import.meta.url);

const { EAGAIN, EDQUOT, EIO, ENOSPC, EOPNOTSUPP, EXDEV } = constants.errno;

const entries = ['usr/bin/tool', 'usr/lib/libc.so', 'usr/lib/link -> libc.so', '.ref'];

// The first test, as long as there are no threads. Bun ends the whole process when it can start none.
const testThreads = runtime === 'bun' ? test.skip : testFault;
if (runtime === 'bun') {
  console.log('skipped: no thread for a copy: Bun ends when it can start none');
}
testThreads(
  'without a thread a copy fails, and none that is found later goes on with it',
  async () => {
    const source = makeTree(newPlace(), entries);
    const parent = newPlace();
    // Node starts threads of its own to load files.
    await import('piscina');
    for (const call of ['clone', 'clone3'] as const) fault({ call, errno: EAGAIN });
    const error = await rejection(createCopy(source, parent));
    endFaults();
    assert.is(error.code, 'ERR_LOCK_UNSUPPORTED', error.message);
    assert.match(error.message, /^Cannot copy ".+": no thread to work in: /);
    // Its descriptors have been closed: their numbers are those of other directories by now.
    const other = makeTree(newPlace(), ['usr/share/other']);
    const { path, lock, entries: copied, skipped } = await createCopy(other, newPlace());
    const names = treeOf(path).filter((name) => !name.includes('.ref'));
    assert.equal(names, ['usr/', 'usr/share/', 'usr/share/other']);
    assert.equal([copied, skipped], [3, []], 'only once');
    lock.release();
  },
);

/** The file can be no hard link, and share no blocks. */
const apart: readonly Rule[] = [
  { call: 'linkat', errno: EXDEV, path: 'tool' },
  { call: 'ioctl', errno: EOPNOTSUPP },
];
/** Nor can the kernel copy by itself. */
const byHand: readonly Rule[] = [...apart, { call: 'copy_file_range', errno: EXDEV }];

/** That is what is written of a file with this content. */
function ofSize(content: string): Partial<Rule> {
  return { argument: { index: 2, value: content.length } };
}

/** A system call that fails in the middle of a copy, and at which entry. */
const failures: readonly {
  call: Call;
  syscall: string;
  entry: string;
  others: readonly Rule[];
  /** What tells the call from those that others make. */
  rule?: Partial<Rule>;
}[] = [
  { call: 'copy_file_range', syscall: 'copy_file_range', entry: 'usr/bin/tool', others: apart },
  { call: 'openat', syscall: 'open', entry: 'usr/bin/tool', others: apart, rule: { path: 'tool' } },
  { call: 'mkdirat', syscall: 'mkdir', entry: 'usr/lib', others: [], rule: { path: 'lib' } },
  { call: 'linkat', syscall: 'link', entry: 'usr/bin/tool', others: [], rule: { path: 'tool' } },
  // pwrite64(2) and writev(2) are what others write with.
  {
    call: 'write',
    syscall: 'write',
    entry: 'usr/bin/tool',
    others: byHand,
    rule: ofSize('usr/bin/tool\n'),
  },
];

for (const { call, syscall, entry, others, rule } of failures) {
  for (const [code, errno] of Object.entries({ ENOSPC, EIO, EDQUOT })) {
    testFault(`a copy of which ${syscall} fails with ${code} leaves nothing behind`, async () => {
      const source = makeTree(newPlace(), entries);
      const parent = newPlace();
      for (const other of others) fault(other);
      const failing = fault({ call, errno, ...rule });
      const error = await rejection(createCopy(source, parent));
      assert.ok(failing.applied() > 0, String(error));
      endFaults();
      assert.ok(error instanceof LockError, String(error));
      const { code: given, path, syscall: name } = error;
      assert.equal([given, error.errno, name, path], [code, -errno, syscall, join(source, entry)]);
      assert.match(error.message, new RegExp(`^Cannot copy ".+" into ".+": .+ at "${entry}"$`));
      await assertSound(source, parent);
    });
  }
}

for (
  const rule of [
    { call: 'mkdirat', errno: ENOSPC, path: 'usr' },
    { call: 'symlinkat', errno: ENOSPC },
  ] as const
) {
  testFault(`a copy of which the first ${rule.call} fails leaves nothing behind`, async () => {
    const source = makeTree(newPlace(), entries);
    const parent = newPlace();
    const failing = fault(rule);
    const error = await rejection(createCopy(source, parent));
    assert.is(failing.applied(), 1);
    endFaults();
    assert.ok(error instanceof LockError, String(error));
    assert.is(error.code, 'ENOSPC');
    await assertSound(source, parent);
  });
}

/** Nothing is left of a copy that has failed, and another one can be made and collected. */
async function assertSound(source: string, parent: string): Promise<void> {
  assert.equal(readdirSync(parent), ['.ref']);
  assert.equal(query(), { held: [], pending: [] });
  assert.equal(openFds(temp), []);
  tryLock(join(parent, '.ref'))!.release();
  tryLock(join(source, '.ref'))!.release();
  const copy = await createCopy(source, parent);
  const expected = treeOf(source).filter((name) => name !== '.ref');
  assert.equal(treeOf(copy.path).filter((name) => expected.includes(name)), expected);
  copy.lock.release();
  assert.is((await collectGarbage(parent)).deleted.length, 1);
  assert.equal(openFds(temp), []);
}

test.run();
