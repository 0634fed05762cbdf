import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { hasContainers } from '../support/container.ts';
import { kind } from '../support/kind.ts';
import { anySeed } from '../support/random.ts';
import { ASLEEP } from '../long/torture/judge-waits.ts';
import { Judge } from '../long/torture/judge.ts';
import { torture } from '../long/torture/torture.ts';

/** For how long, in seconds; `npm run torture` lasts longer. */
const SECONDS = 3;

/** What a judge says about these records. */
function judge(...records: string[]): readonly string[] {
  const judge = new Judge();
  for (const record of records) judge.read(record);
  return judge.violations;
}

/** Records of this time, as often as they are written. */
function ticks(from: number, to: number): string[] {
  return Array.from({ length: (to - from) / 50 + 1 }, (_, index) => `T ${from + index * 50}`);
}

test('the judge sees two hold what excludes each other', () => {
  const first = 'B n1:1 try 0 77 x 0 0';
  assert.equal(judge(first, 'E n1:1', 'B b2:1 wait 0 77 x 0 0'), []);
  assert.match(judge(first, 'B b2:1 wait 0 77 x 0 0')[0]!, /^overlap on inode 77 of file 0: b2:1/);
  assert.is(judge(first, 'B b2:1 wait 0 77 s 100 50').length, 1);
  assert.equal(judge(first, 'B b2:1 wait 0 78 x 0 0'), [], 'another file');
});

test('the judge lets go together what may', () => {
  assert.equal(judge('B n1:1 try 0 77 s 0 0', 'B b2:1 try 0 77 s 0 0'), []);
  assert.equal(judge('B n1:1 try 0 77 x 0 50', 'B b2:1 try 0 77 x 50 0'), []);
  assert.equal(judge('B n1:1 try 0 77 x 0 0', 'D n1:1', 'B b2:1 try 0 77 s 0 0'), []);
});

test('the judge sees an upgrade beside others', () => {
  const shared = ['B n1:1 try 0 77 s 0 0', 'B b2:1 try 0 77 s 0 0'];
  assert.match(judge(...shared, 'U n1:1')[0]!, /^overlap /);
  assert.equal(judge(...shared, 'E b2:1', 'U n1:1'), []);
});

test('the judge knows that a lock lasts as long as a child has it', () => {
  const released = ['B n1:1 try 0 77 x 0 0', 'S n1:1 n1/1', 'J n1/1 n1:1', 'E n1:1'];
  const other = 'B b2:1 wait 0 77 x 0 0';
  assert.match(judge(...released, other)[0]!, /held by n1\/1$/);
  assert.equal(judge(...released, 'G n1/1 n1:1', other), []);
  assert.equal(judge(...released, 'K n1/1', other), []);
  assert.is(judge(...released, 'K n1', other).length, 1, 'it outlives its parent');
});

test('the judge takes no word of who is about to be killed', () => {
  const killed = ['B n1:1 try 0 77 x 0 0', 'K n1', 'B n1:2 try 1 78 x 0 0'];
  assert.equal(judge(...killed, 'B b2:1 wait 0 77 x 0 0', 'B b2:2 wait 1 78 x 0 0'), []);
});

test('the judge sees a process end before its locks and waits', () => {
  assert.match(judge('B n1:1 try 0 77 x 0 0', 'X n1')[0]!, /^left: n1 /);
  assert.match(judge('W n1:1 0 x 0 0', 'X n1')[0]!, /^left: n1 /);
  assert.equal(judge('B n1:1 try 0 77 x 0 0', 'E n1:1', 'X n1'), []);
});

test('the judge sees a wait sleep on while the file is free', () => {
  const waiting = ['T 0', 'B b2:1 try 0 77 x 0 0', 'W n1:1 0 x 0 0', ...ticks(50, ASLEEP * 2)];
  assert.equal(judge(...waiting), [], 'it is not free');
  const slept = [...waiting, 'E b2:1', ...ticks(ASLEEP * 2, ASLEEP * 3 + 100)];
  assert.match(judge(...slept)[0]!, /^asleep: n1:1 waits for file 0/);
  assert.equal(judge(...waiting, 'E b2:1', 'w n1:1 granted', ...ticks(10_000, 20_000)), []);
  assert.equal(judge(...waiting, 'E b2:1', 'Z d3', ...ticks(10_000, 20_000)), [], 'one is stopped');
  assert.equal(judge(...waiting, 'E b2:1', 'K n1', ...ticks(10_000, 20_000)), [], 'it was killed');
  assert.equal(judge(...waiting, 'E b2:1', 'T 99000'), [], 'the machine was stopped');
});

test('locks of all kinds of processes never overlap, no wait sleeps on, and nothing is left', async () => {
  if (!hasContainers) console.log('skipped: containers; bwrap is not installed, or fails here');
  const undone: string[][] = [];
  // On a busy machine some have only started when the others end.
  for (const seconds of [SECONDS, 4 * SECONDS]) {
    const seed = anySeed();
    const { violations, missing, judge } = await torture(seconds, seed, kind);
    assert.equal(violations, [], `seed ${seed}\n${[...judge.history.lines()].join('\n')}`);
    // Whether the rest comes within so short a time is chance; a minute of torture must have had all.
    undone.push(missing.filter((what) => /: (of \w+|acquisitions): /.test(what)));
    if (undone.at(-1)!.length === 0) return;
  }
  assert.unreachable(JSON.stringify(undone));
});

test.run();
