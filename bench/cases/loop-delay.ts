import { quantile } from 'simple-statistics';
import { monotonic } from '../clock.ts';

/** How long it is measured, in milliseconds. */
const TURN = 1000;

/**
 * By how much timers of one millisecond are late, in nanoseconds: the 99th percentile of a second
 * of them. Not by `monitorEventLoopDelay()`: Deno's does not see what holds the loop up for 10 ms.
 */
export async function loopDelay(): Promise<number[]> {
  const delays: number[] = [];
  const end = monotonic() + BigInt(TURN * 1e6);
  for (let before = monotonic(); before < end;) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const now = monotonic();
    delays.push(Number(now - before) - 1e6);
    before = now;
  }
  return [quantile(delays, 0.99)];
}
