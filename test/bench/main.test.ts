import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../../bench/result.ts';
import { measureCase as measure } from '../support/benchmark.ts';
import { runtime } from '../support/runtime.ts';

test('the benchmark gives figures, samples and the environment as JSON', async () => {
  const { line, code, stderr } = await measure('try');
  assert.is(code, 0, stderr);
  const result: Result = JSON.parse(line!);
  assert.is(result.case, 'try');
  assert.is(result.runtime, runtime);
  assert.match(result.environment.kernel, /^\d/);
  const [own, ...peers] = result.contenders;
  assert.ok(own !== undefined && !('absent' in own));
  assert.is(own.name, 'reflock');
  assert.is(own.samples.length, 3);
  assert.ok(own.median > 0);
  const names = peers.map(({ name }) => name);
  for (const name of ['C', 'fs-native-extensions', 'fs-ext (flock)', 'proper-lockfile']) {
    assert.ok(names.includes(name), name);
  }
  for (const { peer, rounds, bound } of result.comparisons) {
    assert.is(rounds.length, 3);
    assert.is(bound, { C: 1.3, 'fs-native-extensions': 1 }[peer]);
  }
});

test('the benchmark measures a hand-over without a C compiler', async () => {
  const { line, code, stderr } = await measure('hand-over', 3, { CC: '/nonexistent/cc' });
  assert.is(code, 0, stderr);
  const { contenders }: Result = JSON.parse(line!);
  const [own] = contenders;
  assert.ok(own !== undefined && !('absent' in own));
  assert.ok(own.samples.flat().every((sample) => sample > 0));
  const c = contenders.find(({ name }) => name === 'C')!;
  assert.ok('absent' in c && c.absent.includes('/nonexistent/cc'));
});

test('the benchmark counts the threads of thousands of waits without a C compiler', async () => {
  const { line, code, stderr } = await measure('many-waits-threads', 1, { CC: '/nonexistent/cc' });
  assert.is(code, 0, stderr);
  const { unit, own, contenders }: Result = JSON.parse(line!);
  assert.is(unit, 'threads');
  assert.equal(own.map(({ of, most }) => ({ of, most })), [
    { of: 'median', most: runtime === 'node' ? 24 : undefined },
  ]);
  const idle = contenders.find(({ name }) => name === 'idle')!;
  assert.ok(!('absent' in idle) && idle.median > 0 && idle.median < own[0]!.value);
});

test('the benchmark counts grants while another process waits, without a C compiler', async () => {
  const { line, code, stderr } = await measure('let-in', 1, { CC: '/nonexistent/cc' });
  assert.is(code, 0, stderr);
  const { own, contenders: [reflock] }: Result = JSON.parse(line!);
  assert.ok(reflock !== undefined && !('absent' in reflock));
  const samples = reflock.samples.flat();
  assert.ok(samples.every((count) => Number.isInteger(count) && count >= 0 && count <= 1000));
  assert.equal(own, [{ of: 'maximum', value: Math.max(...samples), most: 16 }]);
});

test('the benchmark compares work on whole trees with what everybody has for it', async () => {
  for (const [name, peer] of [['copy', 'cp -al'], ['delete', 'rm -rf']] as const) {
    const { line, code, stderr } = await measure(name, 1);
    assert.is(code, 0, stderr);
    const { comparisons }: Result = JSON.parse(line!);
    assert.equal(comparisons.map(({ peer, bound }) => ({ peer, bound })), [{ peer, bound: 1 }]);
    assert.ok(comparisons[0]!.rounds.every((ratio) => ratio > 0.05 && ratio < 20));
  }
});

test("the benchmark measures another thread's engine beside bare comlink", async () => {
  const { line, code, stderr } = await measure('remote');
  assert.is(code, 0, stderr);
  const { comparisons, contenders }: Result = JSON.parse(line!);
  assert.equal(comparisons.map(({ peer, bound, floor }) => ({ peer, bound, floor })), [
    { peer: 'two calls of comlink', bound: 1.5, floor: undefined },
    { peer: 'reflock, 1,000 at once', bound: undefined, floor: 5 },
  ]);
  assert.ok(contenders.every((one) => !('absent' in one) && one.median > 0));
});

test.run();
