import { readFileSync } from 'node:fs';
import { quantile } from 'simple-statistics';
import { monotonic, processorTime } from './clock.ts';

/** What some work takes of the process that does it, beside time. */
export interface Usage {
  /** Processor time in all threads, in percent of one processor. */
  processor: number;
  /** The most threads that were added to those of before. */
  threads: number;
  /** The most bytes of resident memory that were added. */
  memory: number;
  /** Lateness of the event loop's timers in nanoseconds, 99th percentile; without one for inline work. */
  loopDelay?: number;
}

/** How often threads and memory are looked at, in nanoseconds. */
const INTERVAL = 10_000_000n;

/** Does some work and sees what it takes. */
export async function observe(work: () => Promise<unknown>): Promise<Usage> {
  const before = status();
  const began = monotonic();
  const used = processorTime();
  let most = before;
  let looked = began;
  const delays: number[] = [];
  let due = began + 1_000_000n;
  // Not by `monitorEventLoopDelay()`: Deno's does not see what holds the loop up for 10 ms.
  let timer = setTimeout(function tick() {
    const now = monotonic();
    delays.push(Math.max(0, Number(now - due)));
    if (now - looked > INTERVAL) {
      looked = now;
      most = larger(most, status());
    }
    due = monotonic() + 1_000_000n;
    timer = setTimeout(tick, 1);
  }, 1);
  try {
    await work();
  } finally {
    clearTimeout(timer);
  }
  most = larger(most, status());
  return {
    processor: 100 * Number(processorTime() - used) / Number(monotonic() - began),
    threads: most.threads - before.threads,
    memory: most.memory - before.memory,
    ...(delays.length > 0 && { loopDelay: quantile(delays, 0.99) }),
  };
}

/** What a process has at a moment. */
export interface Status {
  /** All its threads, the runtime's own included. */
  threads: number;
  /** Resident memory in bytes. */
  memory: number;
}

function larger(one: Status, other: Status): Status {
  return {
    threads: Math.max(one.threads, other.threads),
    memory: Math.max(one.memory, other.memory),
  };
}

/** The threads and the resident memory of this process now. */
export function status(): Status {
  const text = readFileSync('/proc/self/status', 'utf8');
  const figure = (name: string): number =>
    Number(text.match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))![1]);
  return { threads: figure('Threads'), memory: figure('VmRSS') * 1024 };
}
