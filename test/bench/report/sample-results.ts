import type { Absent } from '../../../bench/measure.ts';
import type { RuntimeName } from '../../../bench/place.ts';
import { type About, evaluate, type Result } from '../../../bench/result.ts';

type Spec = Parameters<typeof evaluate>[0];

/** What happens to be measured in one of the made-up cases. */
interface Made {
  title: string;
  spec: Spec;
  samples: Record<string, number[][]>;
  missing?: Absent[];
  about?: Record<string, About>;
}

/** Makes a result of samples. */
export function made(name: string, runtime: RuntimeName, made: Made): Result {
  const { title, spec, samples, missing = [], about = {} } = made;
  return {
    case: name,
    title,
    runtime,
    runtimeVersion: `${runtime.length}.2.3`,
    environment: {
      date: '2026-01-02T03:04:05.678Z',
      kernel: '6.0.0',
      architecture: 'x64',
      cpu: 'CPU <8> & "more"',
      cores: 2,
      filesystem: 'ext4',
      loadAverage: [0.5, 0, 0],
      versions: { bwrap: '0.8.0' },
    },
    ...evaluate(spec, runtime, samples, missing, about),
  };
}

/** A name that is markup in HTML and in Markdown. */
export const HOSTILE = "<b onclick='x'>*a_b*|`c`</b> & [d](e)";

const RUNTIMES = ['node', 'deno', 'bun'] as const;

function hold(runtime: RuntimeName): Result {
  const rounds = (from: number): number[][] => [1, 2, 3].map((round) => spread(from * round));
  const own = { usage: { processor: 12.5, threads: 3, memory: 4_200_000, loopDelay: 150_000 } };
  const inline = { usage: { processor: 99, threads: 0, memory: 0 } };
  return made('hold', runtime, {
    title: 'lock() and release() of a <held> lock',
    spec: { bounds: { C: 1, 'fs-native-extensions': 9 }, limits: { p99: {}, median: 1 } },
    samples: {
      reflock: rounds(1000),
      C: rounds(runtime === 'deno' ? 2000 : 700),
      [HOSTILE]: rounds(3_000_000),
      ...runtime === 'deno' && { 'Deno FsFile.lock (flock)': rounds(4000) },
      ...runtime === 'node' && { 'fs-native-extensions': rounds(1500) },
    },
    missing: runtime === 'node'
      ? []
      : [{ name: 'fs-native-extensions', absent: 'needs <uv> & more' }],
    about: { reflock: own, [HOSTILE]: inline },
  });
}

/** As many samples as a curve needs. */
function spread(from: number): number[] {
  return Array.from({ length: 25 }, (_, index) => from * (1 + index / 10));
}

function grow(runtime: RuntimeName): Result {
  const samples: Record<string, number[][]> = {};
  const about: Record<string, About> = {};
  for (const [series, power] of [['reflock', 0.2], ['fs-native-extensions', 0.5]] as const) {
    for (const size of [10_000, 1000, 100, 10]) {
      const name = `${series}, ${size} waits`;
      samples[name] = [1, 1.1, 1.3].map((factor) => [5000 * factor * size ** power]);
      about[name] = { at: { series, size } };
    }
  }
  const title = 'time to wait, for each of so many';
  const spec = { bounds: {}, grows: 'waits' };
  return made('many-waits-growth', runtime, { title, spec, samples, about });
}

function threads(runtime: RuntimeName): Result {
  return made('threads', runtime, {
    title: 'threads that waits add',
    spec: { unit: 'threads', bounds: {}, allowances: { idle: 1 } },
    samples: { reflock: [[3], [3]], idle: [[0], [0]] },
  });
}

/** Results with what a report has to cope with, on three runtimes. */
export const sampleResults: readonly Result[] = [hold, grow, threads].flatMap((make) =>
  RUNTIMES.map(make)
);
