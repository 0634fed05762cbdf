import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../../../bench/result.ts';
import { measureCase } from '../../support/benchmark.ts';

test('the benchmark compares a command under a lock with other programs for it, and with none', async () => {
  const { line, code, stderr } = await measureCase('run', 1);
  assert.is(code, 0, stderr);
  const { contenders, comparisons }: Result = JSON.parse(line!);
  const [own] = contenders;
  assert.ok(own !== undefined && !('absent' in own) && own.median > 1e6);
  for (const name of ['flock(1)', 'bwrap']) {
    const { absent } = contenders.find((one) => one.name === name) as { absent?: string };
    assert.match(absent ?? 'not installed', /^(not installed|does not run here: .+)$/);
  }
  const { median } = comparisons.find(({ peer }) => peer === 'no lock')!;
  assert.ok(median > 1, `${median} times as long with a lock as without`);
});

test.run();
