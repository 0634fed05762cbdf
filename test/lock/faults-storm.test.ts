import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { LockEngine } from '../../src/mod.ts';
import { compileFixture } from '../support/compile.ts';
import { holdElsewhere } from '../support/elsewhere.ts';
import { eventually, within } from '../support/eventually.ts';
import { SETLKW } from '../support/faults.ts';
import { mustBlock } from '../support/must-block.ts';
import { type Program, start } from '../support/process.ts';
import { rejection } from '../support/rejection.ts';
import { newFile } from '../support/temp.ts';
import { testEngine } from '../support/test-engine.ts';

/** By which the engine interrupts its own threads; its handler does not restart calls. */
const SIGNAL = 61;
const COUNT = 3000;

const { command, why } = compileFixture('storm');
if (command === undefined) console.log(`skipped: storms of signals: ${why}`);

function testInStorm(name: string, body: (engine: LockEngine) => Promise<void>): void {
  if (command === undefined) test.skip(name);
  else testEngine(name, body);
}

/** Has another process send signals to a thread of this one; returns when it has sent many. */
async function beginStorm(thread: number | string): Promise<Program> {
  const storm = start([command!, `${process.pid}`, `${thread}`, `${SIGNAL}`, `${COUNT}`]);
  const sent = await within(10_000, 'the storm', storm.line());
  assert.is(sent, `${COUNT}`, storm.stderr());
  return storm;
}

async function endStorm(storm: Program): Promise<void> {
  assert.is(storm.child.exitCode, null, 'it has lasted until now');
  storm.child.stdin!.end();
  await storm.ended;
}

/** The threads that wait for a lock, by the second argument of the call in which they are. */
function blockedThreads(): string[] {
  return readdirSync('/proc/self/task').filter((thread) => {
    try {
      return readFileSync(`/proc/self/task/${thread}/syscall`, 'utf8').split(' ')[2] ===
        `0x${SETLKW.toString(16)}`;
    } catch {
      return false;
    }
  });
}

/** How often a thread has left its processor to wait for something, as it does in each call. */
function sleeps(thread: string): number {
  const status = readFileSync(`/proc/self/task/${thread}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)![1]);
}

/** Has the engine wait for a lock in a thread. */
async function block(engine: LockEngine, signal?: AbortSignal) {
  const path = newFile();
  const held = holdElsewhere(path);
  const waiting = engine.lock(path, { signal });
  await mustBlock(path);
  let thread: string | undefined;
  await eventually('its thread', () => (thread = blockedThreads()[0]) !== undefined);
  return { path, held, waiting, thread: thread! };
}

testInStorm('a wait outlives thousands of signals, and is granted among them', async (engine) => {
  const { path, held, waiting, thread } = await block(engine);
  const before = sleeps(thread);
  const storm = await beginStorm(thread);
  assert.ok(sleeps(thread) - before > COUNT / 10, 'the signals have interrupted it');
  assert.is(engine.stats().blocked, 1);
  await mustBlock(path);
  held.release();
  (await within(5000, 'the grant', waiting)).release();
  await endStorm(storm);
});

testInStorm('an abort among thousands of signals ends the wait', async (engine) => {
  const abort = new AbortController();
  const { path, held, waiting, thread } = await block(engine, abort.signal);
  const storm = await beginStorm(thread);
  abort.abort('enough');
  assert.is(await within(5000, 'the end', rejection(waiting)), 'enough' as never);
  await mustBlock(path, 0);
  await endStorm(storm);
  held.release();
});

testInStorm(
  'tries and waits go on while the main thread has thousands of signals',
  async (engine) => {
    const { held, waiting } = await block(engine);
    const storm = await beginStorm(process.pid);
    const free = newFile();
    for (let round = 0; round < 2000; round++) engine.tryLock(free)!.release();
    held.release();
    (await within(5000, 'the grant', waiting)).release();
    const second = await block(engine);
    second.held.release();
    (await within(5000, 'the second grant', second.waiting)).release();
    await endStorm(storm);
  },
);

test.run();
