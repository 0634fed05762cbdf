import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine } from '../../src/mod.ts';
import type { Death, Moment } from '../fixtures/dying-thread.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { eventually, within } from '../support/eventually.ts';
import { mustBlock } from '../support/must-block.ts';
import { letDie, letLive } from '../support/pool-workers.ts';
import { runtime } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';
import { assertLeft, assertWorks, ownState } from '../support/test-engine.ts';

const moments: readonly Moment[] = ['before its call', 'after its grant'];

for (const death of ['throws', 'throws later', 'exits', 'runs out of memory'] as const) {
  const name = `a wait whose thread ${death} is granted, and so are later ones`;
  // On the others a thread has no memory of its own, so the whole process would end.
  if (death === 'runs out of memory' && runtime !== 'node') {
    console.log(`skipped: ${name}: not on ${runtime}`);
    test.skip(name);
    continue;
  }
  test(name, async () => {
    const before = await ownState();
    for (const moment of moments) await dieInWait(death, moment);
    await assertLeft(before);
  });
}

async function dieInWait(death: Death, moment: Moment): Promise<void> {
  const engine = new LockEngine({ maxThreads: 2 });
  const path = newFile();
  const held = holdElsewhere(path);
  letDie(death, moment);
  const waiting = engine.lock(path);
  // Dead before it, it is parked; and if it throws later, it goes on and blocks after all.
  if (moment === 'after its grant' || death === 'throws later') await mustBlock(path);
  else await eventually('the death', () => engine.stats().parked === 1);
  letLive();
  held.release();
  const lock = await within(5000, `the grant, when it dies ${moment}`, waiting);
  assert.is(holdElsewhere(path), undefined, 'it is a lock');
  lock.release();
  holdElsewhere(path).release();
  await assertWorks(engine);
  await engine.close();
}

test.run();
