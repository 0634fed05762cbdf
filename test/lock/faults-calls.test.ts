import { constants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { holdElsewhere } from '../support/elsewhere.ts';
import { within } from '../support/eventually.ts';
import {
  assertTyped,
  beginFaults,
  faultyLock,
  oneFailure,
  testFault,
  thrown,
} from '../support/faults.ts';
import { rejection } from '../support/rejection.ts';
import { newFile } from '../support/temp.ts';

beginFaults(import.meta.url);

const { EACCES, EIO, ENOLCK, EPERM } = constants.errno;

for (const [code, errno] of Object.entries({ ENOLCK, EIO, EPERM })) {
  testFault(`${code} on a try is an error, and the lock is free`, async (engine) => {
    const path = newFile();
    const failing = faultyLock('try', errno);
    assertTyped(thrown(() => engine.tryLock(path)), code, 'fcntl', path);
    assertTyped(await rejection(engine.lock(path)), code, 'fcntl', path);
    assert.ok(failing.applied() >= 2);
    failing.end();
    engine.tryLock(path)!.release();
  });
}

// Of a try EACCES tells that somebody is in the way, of a wait it tells nothing of the kind.
for (const [code, errno] of Object.entries({ ENOLCK, EIO, EACCES, EPERM })) {
  testFault(`${code} on a blocking call is an error, and no lock comes later`, async (engine) => {
    const path = newFile();
    const held = holdElsewhere(path);
    const failing = faultyLock('wait', errno);
    const error = await within(5000, 'the error', rejection(engine.lock(path)));
    assertTyped(error, code, 'fcntl', path);
    assert.is(failing.applied(), 1);
    assert.equal(engine.query(), { held: [], pending: [] });
    held.release();
    holdElsewhere(path).release();
  });
}

testFault('of those in a line only the one whose try fails has the error', async (engine) => {
  const path = newFile();
  const held = engine.tryLock(path)!;
  const first = rejection(engine.lock(path));
  const second = engine.lock(path);
  assert.is(engine.stats().queued, 2);
  faultyLock('try', ENOLCK, oneFailure);
  held.release();
  assertTyped(await first, 'ENOLCK', 'fcntl', path);
  (await within(5000, 'the second', second)).release();
});

test.run();
