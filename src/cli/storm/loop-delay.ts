import type { Tally } from './tally.ts';

const INTERVAL = 10;

/**
 * Counts, every 10 ms, by how much a timer comes late: what else the program had to do had to
 * wait as long. Gives a function that ends it.
 *
 * Not `monitorEventLoopDelay()`, which counts something else on each runtime: Node includes the
 * interval, Bun does not, and Deno misses a loop that stands still.
 */
export function watchLoopDelay(tally: Tally): () => void {
  let due = performance.now() + INTERVAL;
  let timer = setTimeout(function tick() {
    const now = performance.now();
    tally.add(Math.max(0, now - due));
    due = now + INTERVAL;
    timer = setTimeout(tick, INTERVAL);
  }, INTERVAL);
  return () => clearTimeout(timer);
}
