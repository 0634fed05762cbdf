import { closeSync, constants as files, existsSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, dirname } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LockError, TryLockOptions } from '../../src/mod.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { within } from '../support/eventually.ts';
import { beginFaults, type Call, fault, oneFailure, testEngineFault } from '../support/faults.ts';
import { mustBlock } from '../support/must-block.ts';
import { rejection } from '../support/rejection.ts';
import { newFile, newPath } from '../support/temp.ts';
import { assertTyped, thrown } from '../support/typed-error.ts';

beginFaults(import.meta.url);

const { EACCES, EAGAIN, EINTR, EIO, EMFILE, ENFILE, ENOENT, ENOMEM, ENOSPC, ENOSYS, EROFS } =
  constants.errno;

/** Makes the opening of one file fail, and of no other. */
function faultyOpen(path: string, errno: number, { call = 'openat', times = Infinity }: {
  call?: Call;
  times?: number;
} = {}) {
  return fault({ call, errno, path: basename(path), times });
}

const ways: readonly { how: string; call: Call; options: TryLockOptions }[] = [
  { how: 'opened', call: 'openat', options: {} },
  { how: 'created', call: 'openat', options: { create: true } },
  {
    how: 'created beneath its directory',
    call: 'openat2',
    options: { create: true, beneath: true },
  },
];

for (const { how, call, options } of ways) {
  for (const [code, errno] of Object.entries({ EMFILE, ENFILE, ENOSPC, EIO, EROFS })) {
    testEngineFault(`${code} when the file is ${how} is an error`, async (engine) => {
      const path = options.create ? newPath() : newFile();
      const failing = faultyOpen(path, errno, { call });
      assertTyped(thrown(() => engine.tryLock(path, options)), code, 'open', path);
      assertTyped(await rejection(engine.lock(path, options)), code, 'open', path);
      const all = engine.lockAll([{ path: newFile() }, { path, ...options }]);
      // It looks at the file before it opens it, if it is there.
      assert.is((await rejection(all)).code, code);
      assert.ok(failing.applied() >= 3);
      assert.equal(engine.query(), { held: [], pending: [] });
      assert.is(existsSync(path), !options.create);
      failing.end();
      engine.tryLock(path, options)!.release();
    });
  }

  testEngineFault(`EINTR when the file is ${how} is no error`, async (engine) => {
    const path = options.create ? newPath() : newFile();
    let failing = faultyOpen(path, EINTR, { call, times: 5 });
    engine.tryLock(path, options)!.release();
    assert.is(failing.applied(), 5);
    failing = faultyOpen(path, EINTR, { call, times: 5 });
    (await engine.lock(path, options)).release();
    assert.is(failing.applied(), 5);
  });
}

testEngineFault('EINTR without end is an error, and no endless loop', (engine) => {
  const path = newFile();
  faultyOpen(path, EINTR);
  assertTyped(thrown(() => engine.tryLock(path)), 'EINTR', 'open', path);
});

testEngineFault('where nothing may be written, a shared lock is had all the same', (engine) => {
  const path = newFile();
  // O_RDWR, of the flags of openat(2).
  const argument = { index: 2, value: 2, mask: 3 };
  const failing = fault({ call: 'openat', errno: EROFS, path: basename(path), argument });
  const shared = engine.tryLock(path, { mode: 'shared' })!;
  assertTyped(thrown(() => engine.tryLock(path)), 'EROFS', 'open', path);
  assert.is((thrown(() => shared.tryUpgrade()) as LockError).code, 'EBADF');
  assert.ok(failing.applied() >= 2);
  shared.release();
});

for (const [code, errno] of Object.entries({ EMFILE, ENFILE, ENOMEM })) {
  testEngineFault(`${code} when a busy file is opened for the wait is an error`, async (engine) => {
    const path = newFile();
    const held = holdElsewhere(path);
    // The first open is the try's.
    const begun = rejection(
      engine.lock(path, { onWait: () => void faultyOpen(path, errno) }),
    );
    assertTyped(await within(5000, 'the error', begun), code, 'open', path);
    held.release();
  });
}

// O_CREAT for somebody else's file in a sticky directory is EACCES (proc(5), fs.protected_regular).
testEngineFault('what exists is opened by a call that cannot make it', (engine) => {
  const path = newFile();
  const argument = { index: 2, value: files.O_CREAT, mask: files.O_CREAT };
  const failing = fault({ call: 'openat', errno: EACCES, path: basename(path), argument });
  for (const mode of ['shared', 'exclusive'] as const) {
    engine.tryLock(path, { mode, create: true })!.release();
  }
  assert.is(failing.applied(), 0);
});

for (const beneath of [false, true]) {
  const call = beneath ? 'openat2' : 'openat';
  testEngineFault(`what another makes between the two calls is opened, by ${call}`, (engine) => {
    const path = newFile();
    const missing = faultyOpen(path, ENOENT, { call, times: beneath ? 1 : oneFailure });
    engine.tryLock(path, { create: true, beneath })!.release();
    assert.is(missing.applied(), beneath ? 1 : oneFailure);
  });
}

testEngineFault('a way that changes while it is followed is followed again', async (engine) => {
  const path = newFile();
  const changing = faultyOpen(path, EAGAIN, { call: 'openat2', times: 5 });
  engine.tryLock(path, { beneath: true })!.release();
  assert.is(changing.applied(), 5);
  const always = faultyOpen(path, EAGAIN, { call: 'openat2' });
  // It cannot be told from a lease by the open, and the look fails as well.
  assertTyped(thrown(() => engine.tryLock(path, { beneath: true })), 'EAGAIN', 'open', path);
  assertTyped(await rejection(engine.lock(path, { beneath: true })), 'EAGAIN', 'open', path);
  always.end();
});

testEngineFault(
  'without openat2 a lock beneath a directory is had, and is awaited',
  async (engine) => {
    const path = newFile();
    const missing = fault({ call: 'openat2', errno: ENOSYS });
    engine.tryLock(path, { beneath: true })!.release();
    const held = holdElsewhere(path);
    const waiting = engine.lock(path, { beneath: true });
    await mustBlock(path);
    held.release();
    (await within(5000, 'the grant', waiting)).release();
    assert.ok(missing.applied() >= 3);
  },
);

// libc looks with an older call then.
testEngineFault('without statx a lock is had, and is awaited', async (engine) => {
  const path = newFile();
  const missing = fault({ call: 'statx', errno: ENOSYS });
  engine.tryLock(path)!.release();
  const held = holdElsewhere(path);
  const waiting = engine.lock(path);
  await mustBlock(path);
  held.release();
  (await within(5000, 'the grant', waiting)).release();
  assert.ok(missing.applied() >= 4);
});

testEngineFault('EIO from statx after opening is an error, and the file is closed', (engine) => {
  const path = newFile();
  // AT_EMPTY_PATH: of the descriptor, not of the path.
  fault({ call: 'statx', errno: EIO, argument: { index: 2, value: 0x1000, mask: 0x1000 } });
  assertTyped(thrown(() => engine.tryLock(path)), 'EIO', 'statx', path);
});

testEngineFault('EMFILE for the directory of a relative path is an error', async (engine) => {
  const path = newFile();
  const held = holdElsewhere(path);
  const at = openSync(dirname(path), 'r');
  const error = await rejection(
    engine.lock(basename(path), {
      at,
      onWait: () => void fault({ call: 'openat', errno: EMFILE, path: '.' }),
    }),
  );
  assertTyped(error, 'EMFILE', 'open', basename(path));
  closeSync(at);
  held.release();
});

test.run();
