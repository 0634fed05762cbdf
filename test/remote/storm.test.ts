// Many threads that use one engine at once, abort and are terminated. The seed of a failure is in its
// message, and makes the same decisions once more:
//
//   REFLOCK_STORM_SEED=1234 npm test -- remote/storm

import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine } from '../../src/mod.ts';
import { clientStorm } from '../support/client-storm.ts';
import { eventually, within } from '../support/eventually.ts';
import { openFds } from '../support/open-fds.ts';
import { anySeed } from '../support/random.ts';
import { isFree } from '../support/reflock.ts';
import { temp } from '../support/temp.ts';

const CLIENTS = 8;
const WAITS = 1000;

const seed = Number(process.env['REFLOCK_STORM_SEED'] ?? anySeed());
const before = openFds(temp);

test(`8 threads wait 1,000 times each for 500 files, and 3 are terminated (seed ${seed})`, async () => {
  const engine = new LockEngine();
  const storm = clientStorm(engine, {
    clients: CLIENTS,
    victims: 3,
    waits: WAITS,
    files: 500,
    seed,
  });
  const { files, results } = await within(60_000, 'the end of all waits', storm);
  for (const { granted, aborted, timedOut, overlaps } of results) {
    assert.is(overlaps, 0, 'nobody holds what somebody else holds');
    assert.is(granted + aborted + timedOut, WAITS, 'each wait has ended');
    assert.ok(granted > WAITS / 4 && aborted > 0 && timedOut > 0, JSON.stringify(results));
  }
  const left = () => {
    const { held, queued, blocked, parked } = engine.stats();
    return held + queued + blocked + parked;
  };
  // Their waits in the kernel have to leave it, a moment after they have been given up.
  await eventually('nothing is left of the terminated ones', () => left() === 0, 1000);
  assert.equal(engine.query(), { held: [], pending: [] });
  for (const file of files) assert.ok(isFree(file), file);
  await engine.close();
  assert.equal(openFds(temp), before);
});

test.run();
