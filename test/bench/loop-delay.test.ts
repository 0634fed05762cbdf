import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loopDelay } from '../../bench/cases/loop-delay.ts';

test('loopDelay() sees what holds up the event loop', async () => {
  const holdingUp = setInterval(() => {
    const end = performance.now() + 10;
    while (performance.now() < end);
  }, 50);
  const [delay] = await loopDelay();
  clearInterval(holdingUp);
  assert.ok(delay! > 8e6, `${delay} ns`);
});

test.run();
