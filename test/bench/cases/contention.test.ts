import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../../../bench/result.ts';
import { measureCase } from '../../support/benchmark.ts';

async function measure(name: string): Promise<Result> {
  const { line, code, stderr } = await measureCase(name, 1, { CC: '/nonexistent/cc' });
  assert.is(code, 0, stderr);
  return JSON.parse(line!);
}

function samples({ contenders }: Result, name: string): number[] {
  const found = contenders.find((one) => one.name === name);
  assert.ok(found !== undefined && !('absent' in found), name);
  return found.samples.flat();
}

test('the benchmark tells what a grant costs among several processes, without a C compiler', async () => {
  const result = await measure('processes');
  for (const name of ['reflock, 1 process', 'reflock, 2 processes', 'reflock, 16 processes']) {
    const [time, ...others] = samples(result, name);
    // Below a microsecond, somebody has not done what it was told to.
    assert.ok(time! > 1e3 && time! < 50e6, `${name}: ${time} ns`);
    assert.equal(others, []);
  }
  assert.equal(result.growth.map(({ series, with: what }) => [series, what]), [
    ['reflock', 'processes'],
  ]);
  assert.ok(result.contenders.some((one) => one.name === 'C' && 'absent' in one));
});

test('the benchmark tells how long a writer waits among readers, of which it knows no end', async () => {
  const result = await measure('readers-writer');
  const waits = samples(result, 'reflock');
  assert.ok(waits.length > 1 && waits.every((wait) => wait > 0), `${waits}`);
  const elsewhere = samples(await measure('readers-elsewhere'), 'reflock');
  assert.ok(elsewhere.every((wait) => wait > 0 && wait < 60e9), `${elsewhere}`);
});

test('the benchmark tells how quickly waits are aborted, and who cannot do it', async () => {
  const result = await measure('aborts');
  assert.ok(samples(result, 'reflock').every((time) => time > 0 && time < 100e6));
  const reasons = result.contenders.filter((one) => 'absent' in one).map(({ absent }) => absent);
  assert.ok(reasons.length > 0 && reasons.every((why) => why === 'a wait cannot be ended'));
});

test.run();
