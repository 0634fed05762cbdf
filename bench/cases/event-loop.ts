import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Case } from './case.ts';
import { whileBlocked } from './blocked-waits.ts';

/** How long a turn lasts, in milliseconds. */
const TURN = 3000;

/** What blocked waits do to the event loop: nothing, or they would be in the wrong place. */
export const eventLoopCase: Case = {
  name: 'event-loop',
  title: 'event loop delay, 99th percentile of 3 s, with 8 waits blocked',
  bounds: {},
  allowances: { idle: 2e6 },
  rounds: 3,
  contenders: (path) => [
    { name: 'reflock', count: 1, measure: () => whileBlocked(path, delay) },
    { name: 'idle', count: 1, measure: delay },
  ],
};

async function delay(): Promise<number[]> {
  const histogram = monitorEventLoopDelay({ resolution: 1 });
  histogram.enable();
  await new Promise((resolve) => setTimeout(resolve, TURN));
  histogram.disable();
  return [histogram.percentile(99)];
}
