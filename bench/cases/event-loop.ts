import type { Case } from './case.ts';
import { whileBlocked } from './blocked-waits.ts';
import { loopDelay } from './loop-delay.ts';

/** What blocked waits do to the event loop: nothing, or they would be in the wrong place. */
export const eventLoopCase: Case = {
  name: 'event-loop',
  title: 'event loop delay, 99th percentile of a second, with 8 waits blocked',
  bounds: {},
  allowances: { idle: 2e6 },
  tolerance: 1e6,
  rounds: 3,
  contenders: (path) => [
    { name: 'reflock', count: 1, measure: () => whileBlocked(path, loopDelay) },
    { name: 'idle', count: 1, measure: loopDelay },
  ],
};
