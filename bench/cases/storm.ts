/**
 * `reflock storm`: launches of programs in runtimes and in copies of them, while others try to remove
 * both. A storm takes as long as it is told to, so what is told is the time for each launch, or how long
 * a launch waits for its lock.
 */

import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { StormReport } from '../../src/cli/storm/report.ts';
import type { Contender } from '../measure.ts';
import { scriptCommand } from '../place.ts';
import type { Case } from './case.ts';

/** How long a storm lasts. */
const SECONDS = 2;

/** What a launch costs with few runtimes or with many. */
export const stormRuntimesCase: Case = {
  name: 'storm-runtimes',
  title: 'time for each launch of reflock storm, with so many runtimes',
  bounds: {},
  grows: 'runtimes',
  full: true,
  rounds: 3,
  contenders: (path) =>
    [8, 2, 32].map((runtimes) => ({
      ...storming(path, 2, runtimes, perLaunch),
      at: { series: 'reflock', size: runtimes },
    })),
};

/** What a launch costs with few processes or with more. */
export const stormProcessesCase: Case = {
  name: 'storm-processes',
  title: 'time for each launch of reflock storm, by so many processes',
  bounds: {},
  grows: 'processes',
  full: true,
  rounds: 3,
  contenders: (path) =>
    [2, 1, 4].map((processes) => ({
      ...storming(path, processes, 8, perLaunch),
      at: { series: 'reflock', size: processes },
    })),
};

/** How long a launch waits for its lock. */
export const stormWaitCase: Case = {
  name: 'storm-wait',
  title: 'how long launches of reflock storm wait for their lock, 99th percentile',
  bounds: {},
  full: true,
  rounds: 3,
  contenders: (path) => [storming(path, 2, 8, ({ waitMs }) => waitMs.p99 * 1e6)],
};

function perLaunch({ seconds, launches }: StormReport): number {
  return seconds * 1e9 / launches;
}

function storming(
  path: string,
  processes: number,
  runtimes: number,
  tell: (report: StormReport) => number,
): Contender {
  return {
    name: `reflock, ${processes} ${
      processes === 1 ? 'process' : 'processes'
    } × ${runtimes} runtimes`,
    count: 1,
    cold: true,
    elsewhere: true,
    measure: async () => [tell(await storm(dirname(path), processes, runtimes))],
  };
}

/** Has a storm, and does not take figures of one in which locks have not protected. */
async function storm(dir: string, processes: number, runtimes: number): Promise<StormReport> {
  const [command, ...args] = [
    ...scriptCommand('src/cli/main.ts'),
    ...['storm', '--json', '--seconds', `${SECONDS}`, '--dir', dir],
    ...['--processes', `${processes}`, '--runtimes', `${runtimes}`],
  ];
  const { stdout } = await promisify(execFile)(command!, args);
  const report: StormReport = JSON.parse(stdout);
  if (report.violations > 0) {
    throw new Error(`${report.violations} violations: ${report.violationDetails.join('; ')}`);
  }
  if (report.launches === 0) throw new Error('nothing was launched');
  return report;
}
