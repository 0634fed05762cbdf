import { spawnSync } from 'node:child_process';
import { openSync, writeFileSync, writeSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LockEngine } from '../../src/mod.ts';
import { compileFixture } from '../support/compile.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { within } from '../support/eventually.ts';
import { startLocker } from '../support/locker.ts';
import { mustBlock } from '../support/must-block.ts';
import { start } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { runtime } from '../support/runtime.ts';

import { newFile, newPath } from '../support/temp.ts';
import { testEngine } from '../support/test-engine.ts';

const VARIABLE = 'REFLOCK_TEST_CLOCK';
/** Seconds. */
const YEAR = 365 * 24 * 3600;

const file = process.env[VARIABLE] ?? runAnew();
const shift = file === undefined ? -1 : openSync(file, 'r+');

/** Runs this file with a clock that can jump; gives nothing where that is not to be had. */
function runAnew(): undefined {
  const { command: library, why } = compileFixture('clock', 'library');
  if (library === undefined) return void console.log(`skipped: a clock that jumps: ${why}`);
  const file = newPath();
  writeFileSync(file, new Uint8Array(8));
  const flags = runtime === 'deno' ? ['run', '--allow-all'] : [];
  const command = [...flags, fileURLToPath(import.meta.url)];
  const env = { ...process.env, LD_PRELOAD: library, [VARIABLE]: file };
  const { status } = spawnSync(process.execPath, command, { stdio: 'inherit', env });
  process.exit(status ?? 1);
}

/** Sets the time of day that this process believes. */
function setShift(seconds: number): void {
  writeSync(shift, new Uint8Array(BigInt64Array.of(BigInt(seconds)).buffer), 0, 8, 0);
}

/** Whether the runtime has the time from libc, and not from the kernel itself. */
function canJump(): boolean {
  const before = Date.now();
  setShift(YEAR);
  const jumped = Date.now() - before > 1000 * YEAR / 2;
  setShift(0);
  return jumped;
}

const jumps = shift !== -1 && canJump();
if (shift !== -1 && !jumps) console.log(`skipped: a clock that jumps: ${runtime} has its own`);

function testJumping(name: string, body: (engine: LockEngine) => Promise<void>): void {
  if (!jumps) return test.skip(name);
  testEngine(name, async (engine) => {
    await body(engine).finally(() => setShift(0));
  });
}

for (const [name, seconds] of [['forward', YEAR], ['back', -YEAR]] as const) {
  testJumping(
    `a clock that jumps ${name} a year ends no wait before its time, and none late`,
    async (engine) => {
      const files = [newFile(), newFile(), newFile()];
      const held = files.map((path) => holdElsewhere(path));
      const own = newFile();
      const mine = engine.tryLock(own)!;
      const began = performance.now();
      // Two in threads, one parked, one in the line of a lock of ours. The threads must be there in time.
      const timeout = 2000;
      const short = [...files, own].map((path) => rejection(engine.lock(path, { timeout })));
      const long = [...files, own].map((path) => engine.lock(path, { timeout: 3_600_000 }));
      for (const path of files.slice(0, 2)) await mustBlock(path);
      const at = Date.now();
      setShift(seconds);
      assert.ok(Math.abs(Date.now() - at) > 1000 * YEAR / 2);
      let early = 0;
      for (const wait of short) {
        wait.then(() => performance.now() - began < timeout - 1 && early++);
      }
      for (const error of await within(5000, 'all timeouts', Promise.all(short))) {
        assert.is(error.code, 'ERR_LOCK_TIMEOUT');
      }
      assert.is(early, 0);
      assert.ok(performance.now() - began < timeout + 1700);
      assert.is(engine.query().pending.length, long.length);
      for (const lock of [...held, mine]) lock.release();
      for (const lock of await within(5000, 'all grants', Promise.all(long))) lock.release();
    },
  );
}

// The monotonic clock goes on as long as the process stands still.
testEngine(
  'a process that stood still for 2 s has one timeout, and the locks that have come free',
  async (engine) => {
    const stopped = 2000;
    const [kept, given] = [newFile(), newFile()];
    const held = holdElsewhere(kept);
    const locker = await startLocker('ofd', given);
    await locker.try('exclusive');
    let ends = 0;
    const late = rejection(engine.lock(kept, { timeout: 500 })).finally(() => ends++);
    const granted = engine.lock(given, { timeout: 60_000 });
    await mustBlock(kept);
    await mustBlock(given);
    const began = performance.now();
    const script = 'kill -STOP "$0" && kill "$1" && sleep 2; kill -CONT "$0"';
    start(['sh', '-c', script, `${process.pid}`, `${locker.program.child.pid}`]);
    const [error, lock] = await within(10_000, 'both ends', Promise.all([late, granted]));
    assert.ok(performance.now() - began >= stopped - 100, 'it has stood still');
    assert.is(error.code, 'ERR_LOCK_TIMEOUT');
    lock.release();
    held.release();
    await locker.program.ended;
    assert.is(ends, 1);
    assert.is(engine.stats().giveUps, 1);
  },
);

test.run();
