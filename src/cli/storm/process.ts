/** One process of a storm: launchers and collectors, until its stdin ends. */

import { createInterface } from 'node:readline';
import { print } from '../print.ts';
import { copyCollector } from './collect-copies.ts';
import { collector } from './collector.ts';
import { launcher } from './launcher.ts';
import { watchLoopDelay } from './loop-delay.ts';
import { type Count, DETAILS, type Storm, type StormNews, type StormOrder } from './messages.ts';
import { Tally } from './tally.ts';

/** How often it tells how far it is, in milliseconds. */
const NEWS_EVERY = 200;

const stop = new AbortController();
const input = createInterface({ input: process.stdin });
// Also when the starting process is killed: then nobody is there to say anything.
input.once('close', () => stop.abort());
input.once('line', (line) => void storm(JSON.parse(line) as StormOrder));

async function storm(order: StormOrder): Promise<void> {
  const count: Count = { launches: 0, removed: 0, busy: 0, copies: 0, collected: 0 };
  let violations = 0;
  const violationDetails: string[] = [];
  const waits = new Tally();
  const loopDelays = new Tally();
  const shared: Storm = {
    ...order,
    stop: stop.signal,
    count,
    waits,
    violation: (description) => {
      violations++;
      if (violationDetails.length < DETAILS) violationDetails.push(description);
    },
  };
  const say = (last?: Partial<StormNews>): void => {
    const news: StormNews = { ...count, violations, violationDetails, ...last };
    print([JSON.stringify(news)]);
  };
  const endWatch = watchLoopDelay(loopDelays);
  const timer = setInterval(() => say(), NEWS_EVERY);
  await Promise.all([
    ...Array.from({ length: order.launchers }, () => launcher(shared)),
    ...Array.from({ length: order.collectors }, () => collector(shared)),
    ...Array.from({ length: order.collectors }, () => copyCollector(shared)),
  ]);
  clearInterval(timer);
  endWatch();
  say({ waits: waits.entries(), loopDelays: loopDelays.entries() });
}
