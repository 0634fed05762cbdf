import { spawnSync } from 'node:child_process';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Lock, tryLock } from '../../src/mod.ts';
import type { Begun, Failure, NeedOptions, Over } from '../fixtures/waits-in-need.ts';
import { within } from '../support/eventually.ts';
import { start } from '../support/process.ts';
import { runtime, scriptCommand } from '../support/runtime.ts';
import { newFile } from '../support/temp.ts';

/** How many descriptors a process may have. */
const OPEN_FILES = 256;
/** Until when all waits must be over that can be, in milliseconds. */
const LIMIT = 10_000;
/** What a limited program is started by, to become it. */
const limitOpenFiles = ['sh', '-c', `ulimit -n ${OPEN_FILES}; exec "$@"`, 'sh'];

/**
 * Has a program wait for files of ours, and releases them when all of its waits have begun; the
 * first ones, for which it blocks its threads, when the rest are over.
 */
async function waitInNeed(
  count: number,
  prefix: readonly string[],
  options: NeedOptions,
): Promise<{ begun: Begun; over: Over; files: readonly string[] }> {
  const held: Lock[] = Array.from({ length: count }, () => tryLock(newFile())!);
  const files = held.map((lock) => lock.path);
  const script = scriptCommand('test/fixtures/waits-in-need.ts');
  const program = start([...prefix, ...script, JSON.stringify(options), ...files]);
  const said = async (what: string): Promise<string> => {
    const line = await within(LIMIT, what, program.line());
    assert.ok(line, `${what}: the program has ended: ${program.stderr()}`);
    return line!;
  };
  try {
    const begun: Begun = JSON.parse(await said('all waits have begun'));
    for (const lock of held.slice(options.first)) lock.release();
    assert.is(await said('the waits without a thread are over'), 'rest');
    for (const lock of held) lock.release();
    const over: Over = JSON.parse(await said('all waits are over'));
    assert.equal(await within(LIMIT, 'the end', program.ended), { code: 0, signal: null });
    return { begun, over, files };
  } finally {
    for (const lock of held) lock.release();
    if (program.child.exitCode === null && program.child.signalCode === null) await program.kill();
  }
}

/** What there was too much of has failed clearly; the rest has been granted, and nothing is left. */
function assertSound({ over, files }: { over: Over; files: readonly string[] }): Failure[] {
  const failures: Failure[] = [];
  for (const [index, outcome] of over.outcomes.entries()) {
    if (outcome === 'granted') continue;
    const path = files[index]!;
    assert.equal(outcome, {
      isLockError: true,
      code: 'EMFILE',
      syscall: 'open',
      path,
      message: `Cannot lock "${path}" for writing: too many open files (EMFILE from open)`,
    });
    failures.push(outcome as Failure);
  }
  assert.is(over.retried, failures.length, 'what has failed can be had when there is room again');
  assert.equal(over.fds, []);
  assert.is(over.left, 0);
  for (const file of files) tryLock(file)!.release();
  return failures;
}

for (const pause of [undefined, 1]) {
  const how = pause === undefined ? 'at once' : 'one after the other';
  test(`of 300 waits ${how} with ${OPEN_FILES} descriptors, the last fail and the rest are granted`, async () => {
    const result = await waitInNeed(300, limitOpenFiles, pause === undefined ? {} : { pause });
    const failures = assertSound(result);
    const { outcomes } = result.begun;
    assert.type(outcomes[299], 'object');
    assert.is(outcomes[0], 'waiting');
    assert.ok(failures.length < 200, `${failures.length} waits have failed`);
    const early = outcomes.filter((outcome) => outcome !== 'waiting');
    assert.is(early.length, failures.length, 'who waits already is not affected');
  });
}

test('with no descriptor left, a busy lock is still told to be busy', async () => {
  const held = tryLock(newFile(), { mode: 'shared' })!;
  const times = 100_000;
  // A runtime may make calls of its own, which fail here, before it can be asked for `errno`: Bun
  // looks into /proc/self/statm when it collects garbage.
  const script = scriptCommand('test/fixtures/busy-in-need.ts');
  const program = start([...limitOpenFiles, ...script, String(times), held.path]);
  const line = await within(LIMIT, 'the count', program.line());
  assert.equal(JSON.parse(line!), { busy: times, others: [] }, program.stderr());
  await program.ended;
  held.release();
});

// Deno and Bun end the whole process when there is no descriptor for a thread that shall start.
const onNode = runtime === 'node' ? test : test.skip;
if (runtime !== 'node') console.log(`skipped: few descriptors: ${runtime} needs some for a thread`);

onNode(
  'with few descriptors left for threads and the watch, waits are granted or fail',
  async () => {
    const spares = [1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 36];
    const waits = 3;
    /** What a watch has open. */
    const watch = 1;
    for (const spare of spares) {
      const result = await waitInNeed(waits, limitOpenFiles, { spare, maxThreads: 1 });
      const failed = assertSound(result).length;
      const said = `${failed} have failed with ${spare} descriptors left`;
      assert.ok(failed >= waits - spare && failed <= Math.max(0, waits + watch - spare), said);
    }
  },
);

/** How a program is started for which one of the kernel's limits on watches is so low. */
function limitWatches(limit: 'instances' | 'watches', value: number): string[] {
  const set = `echo ${value} > /proc/sys/user/max_inotify_${limit} && exec "$@"`;
  // The limits of a user namespace are its own: nobody else is kept from watching.
  return ['unshare', '--user', '--map-root-user', 'sh', '-c', set, 'sh'];
}

const [unshare, ...args] = limitWatches('instances', 0);
const { status, stderr, error } = spawnSync(unshare!, [...args, 'true'], { encoding: 'utf8' });
const testWithLimits = status === 0 ? test : test.skip;
if (status !== 0) {
  const why = error?.message ?? stderr.split('\n')[0];
  console.log(`skipped: limits on watches need a user namespace: ${why}`);
}

const WAITS = 40;
const limits: readonly { name: string; prefix: string[]; engines?: number; watched: number }[] = [
  { name: 'no limit', prefix: [], watched: WAITS - 1 },
  { name: 'no inotify instance left', prefix: limitWatches('instances', 0), watched: 0 },
  {
    name: 'an inotify instance for one of two engines',
    prefix: limitWatches('instances', 1),
    engines: 2,
    watched: WAITS / 2 - 1,
  },
  { name: 'no inotify watch left', prefix: limitWatches('watches', 0), watched: 0 },
  { name: 'inotify watches for 5 of them', prefix: limitWatches('watches', 5), watched: 5 },
];

for (const { name, prefix, engines = 1, watched } of limits) {
  const testHere = prefix.length === 0 ? test : testWithLimits;
  testHere(`with ${name}, ${WAITS} waits without a thread are granted`, async () => {
    const result = await waitInNeed(WAITS, prefix, { maxThreads: 1, engines, first: engines });
    assert.is(result.begun.parked, WAITS - engines);
    assert.is(result.begun.watched, watched);
    assert.equal(assertSound(result), []);
  });
}

test.run();
