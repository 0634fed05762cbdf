import { spawnSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { constants } from 'node:os';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { LockEngine } from '../../src/mod.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { eventually, within } from '../support/eventually.ts';
import { beginFaults, type Call, fault, testEngineFault } from '../support/faults.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { runtime, scriptCommand } from '../support/runtime.ts';
import { newFile, temp } from '../support/temp.ts';
import { assertWorks } from '../support/test-engine.ts';

beginFaults(import.meta.url);

const { EAGAIN, ENOMEM } = constants.errno;
/** By which one a thread is started depends on libc. */
const calls: readonly Call[] = ['clone', 'clone3'];

const starting = 'when a thread is started: waits do without, and have one when there can be one';
if (runtime === 'bun') {
  // It aborts. The locks that it holds end with it.
  console.log(`skipped: EAGAIN ${starting}: Bun ends when it can start no thread`);
  test.skip(`EAGAIN ${starting}`);
} else {
  testEngineFault(`EAGAIN or ENOMEM ${starting}`, async (engine) => {
    for (const errno of [EAGAIN, ENOMEM]) {
      const path = newFile();
      const held = holdElsewhere(path);
      const failing = calls.map((call) => fault({ call, errno }));
      // The first one has none for a while, so the second needs an engine of its own.
      const fresh = errno === EAGAIN ? new LockEngine() : engine;
      const waiting = fresh.lock(path);
      await eventually('the wait is parked', () => fresh.stats().parked === 1);
      assert.ok(failing.some((one) => one.applied() > 0));
      held.release();
      (await within(5000, 'the grant', waiting)).release();
      for (const one of failing) one.end();
      if (fresh !== engine) await fresh.close();
    }
    await assertWorks(engine, 'in a thread');
  });
}

/** Why threads cannot be limited here, if they cannot. */
function noLimit(): string | undefined {
  if (process.getuid!() !== 0) return 'only root can become somebody else';
  const { error, stderr } = spawnSync('prlimit', ['--nproc=1', 'true'], { encoding: 'utf8' });
  return error?.message ?? (stderr.trim() || undefined);
}

// Deno says then that it "could not start", and Bun aborts: the kernel ends their locks and waits.
const outcome = runtime === 'node' ? 'waits without one' : 'leaves no lock behind, if it ends';
const name = `a program whose user may have no more threads ${outcome}`;
const why = noLimit();
if (why !== undefined) console.log(`skipped: ${name}: ${why}`);
(why === undefined ? test : test.skip)(name, async () => {
  const path = newFile();
  chmodSync(temp, 0o755);
  chmodSync(path, 0o666);
  const held = holdElsewhere(path);
  const limited = ['prlimit', '--nproc=1', ...scriptCommand('test/fixtures/no-more-threads.ts')];
  // Bun shall not report it to anybody.
  const env = { ...process.env, BUN_ENABLE_CRASH_REPORTING: '0' };
  const program = start([...limited, path], { env });
  const line = await within(5000, 'the wait', program.line());
  held.release();
  const end = await within(5000, 'the end', program.ended);
  if (runtime === 'node') {
    assert.equal([line, await program.line()], ['parked 0', 'granted'], program.stderr());
    assert.equal(end, { code: 0, signal: null }, program.stderr());
  }
  await mustBlock(path, 0);
  holdElsewhere(path).release();
});

test.run();
