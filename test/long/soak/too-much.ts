import type { Sample } from './soak.ts';

/** By how much memory may grow after the first minute: heaps take their time to find their size. */
const SLACK = 1.15;
/** The same in megabytes, for those who begin small. */
const LEAST = 10;
/** So many samples at the end are compared, and the least of each is what is in use. */
const LAST = 3;

/** Says of what there is more at the end than after the first minute. */
export function tooMuch(samples: readonly Sample[]): string[] {
  const [first, ...rest] = samples;
  if (first === undefined || rest.length === 0) return ['there was no second minute'];
  const last = rest.slice(-LAST);
  const least = (what: keyof Sample): number => Math.min(...last.map((sample) => sample[what]));
  const limits: Sample = { ...first, rss: Math.max(first.rss * SLACK, first.rss + LEAST) };
  return (['rss', 'fds', 'threads'] as const).filter((what) => least(what) > limits[what])
    .map((what) => `${what} has grown from ${first[what].toFixed(1)} to ${least(what).toFixed(1)}`);
}
