import { constants } from 'node:os';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Lock, LockEngine } from '../../src/mod.ts';
import { type HeldLock, holdElsewhere } from '../support/elsewhere.ts';
import { within } from '../support/eventually.ts';
import { beginFaults, fault, type Rule, testEngineFault } from '../support/faults.ts';
import { mustBlock } from '../support/must-block.ts';
import { openFds } from '../support/open-fds.ts';
import { newFile } from '../support/temp.ts';

beginFaults(import.meta.url);

const { EMFILE, ENFILE, ENOMEM, ENOSYS } = constants.errno;

/** Has more waits than threads; gives the locks that are in their way. */
async function park(engine: LockEngine): Promise<{ held: HeldLock[]; waits: Promise<Lock>[] }> {
  const files = Array.from({ length: 6 }, newFile);
  const held = files.map((file) => holdElsewhere(file));
  const waits = files.map((file) => engine.lock(file));
  await Promise.all(files.slice(0, 2).map((file) => mustBlock(file)));
  assert.is(engine.stats().parked, 4);
  return { held, waits };
}

const faults: readonly (readonly [name: string, rules: readonly Rule[]])[] = [
  ...Object.entries({ ENOSYS, EMFILE, ENFILE, ENOMEM }).map(([code, errno]) =>
    [`${code} from inotify_init1`, [{ call: 'inotify_init1', errno }]] as const
  ),
];

for (const [name, rules] of faults) {
  testEngineFault(
    `with ${name} waits without a thread are granted all the same`,
    async (engine) => {
      const missing = rules.map(fault);
      const { held, waits } = await park(engine);
      assert.equal(openFds('anon_inode:inotify'), []);
      for (const one of missing) assert.ok(one.applied() > 0);
      // The last ones first, while the others keep the threads.
      for (const [index, lock] of held.reverse().entries()) {
        lock.release();
        (await within(5000, `grant ${index}`, waits.at(-1 - index)!)).release();
      }
    },
  );
}

testEngineFault('a watch is there again when there can be one', async (engine) => {
  const missing = fault({ call: 'inotify_init1', errno: EMFILE });
  const first = await park(engine);
  missing.end();
  const path = newFile();
  const held = holdElsewhere(path);
  const waiting = engine.lock(path);
  assert.is(openFds('anon_inode:inotify').length, 1);
  held.release();
  (await within(5000, 'the grant', waiting)).release();
  for (const lock of first.held) lock.release();
  for (const lock of await Promise.all(first.waits)) lock.release();
});

test.run();
