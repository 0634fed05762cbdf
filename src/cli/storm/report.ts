import { CLEARED_LINE, rewrittenLine } from '../rewritten-line.ts';
import { draw } from '../say.ts';
import { DETAILS, type StormNews } from './messages.ts';
import { Tally } from './tally.ts';

/** How a storm was set up. */
export interface StormSetting {
  readonly directory: string;
  readonly filesystem: string;
  readonly processes: number;
  readonly launchers: number;
  readonly collectors: number;
  readonly runtimes: number;
  readonly container: boolean;
  readonly containerDetail: string;
}

/** What a storm has found; printed as it is by `--json`. */
export interface StormReport extends StormSetting {
  readonly seconds: number;
  /** Programs started under a shared lock. */
  readonly launches: number;
  /** Runtimes removed under an exclusive lock. */
  readonly removed: number;
  /** Exclusive locks that were not to be had because somebody was in. */
  readonly busy: number;
  /** Launches in mutable copies that were made for them. */
  readonly copies: number;
  /** Copies that collectors have deleted before the end of the storm. */
  readonly collected: number;
  readonly violations: number;
  readonly violationDetails: readonly string[];
  /** How long shared locks took that were granted. */
  readonly waitMs: { p50: number; p99: number; max: number };
  /** How late timers were in the processes that launch. */
  readonly loopDelayMs: { p99: number; max: number };
}

/** Adds up what the processes have said, and the troubles they have not said themselves. */
export function summarize(
  setting: StormSetting,
  seconds: number,
  all: readonly StormNews[],
  troubles: readonly string[] = [],
): StormReport {
  const total = (of: (news: StormNews) => number) => all.reduce((sum, news) => sum + of(news), 0);
  const waits = merge(all.map((news) => news.waits));
  const loopDelays = merge(all.map((news) => news.loopDelays));
  return {
    ...setting,
    seconds: Number(seconds.toFixed(1)),
    launches: total((news) => news.launches),
    removed: total((news) => news.removed),
    busy: total((news) => news.busy),
    copies: total((news) => news.copies),
    collected: total((news) => news.collected),
    violations: total((news) => news.violations) + troubles.length,
    violationDetails: [...troubles, ...all.flatMap((news) => news.violationDetails)]
      .slice(0, DETAILS),
    waitMs: {
      p50: waits.percentile(0.5),
      p99: waits.percentile(0.99),
      max: waits.percentile(1),
    },
    loopDelayMs: { p99: loopDelays.percentile(0.99), max: loopDelays.percentile(1) },
  };
}

function merge(all: readonly ([number, number][] | undefined)[]): Tally {
  const sum = new Tally();
  for (const entries of all) for (const [size, times] of entries ?? []) sum.add(size, times);
  return sum;
}

/** The report for people. */
export function reportLines(report: StormReport): string[] {
  const { launches, removed, copies, collected, violations, waitMs, loopDelayMs } = report;
  const rows: [string, string][] = [
    ['launches', `${launches} ${report.container ? 'in' : 'as'} ${report.containerDetail}`],
    ['removed', `${removed} runtimes, and found ${report.busy} times in use`],
    ['copies', `${copies} made, and ${collected} of them collected before the end`],
    ['wait', `p50 ${ms(waitMs.p50)}, p99 ${ms(waitMs.p99)}, max ${ms(waitMs.max)}`],
    ['loop delay', `p99 ${ms(loopDelayMs.p99)}, max ${ms(loopDelayMs.max)}`],
    ['violations', `${violations}`],
  ];
  const lines = [
    `storm on ${report.filesystem} at ${report.directory}: ${report.seconds} s, ` +
    `${report.processes} processes x (${report.launchers} launchers + ` +
    `${report.collectors} collectors), ${report.runtimes} runtimes`,
    ...rows.map(([name, value]) => `  ${name.padEnd(11)} ${value}`),
    ...report.violationDetails.map((detail) => `    ${detail}`),
  ];
  if (violations > report.violationDetails.length) lines.push('    …');
  if (violations > 0) lines.push('Locks do not protect runtimes here.');
  else if ([launches, removed, copies, collected].includes(0)) {
    lines.push('Too little has happened to tell anything.');
  } else lines.push('Locks have kept every promise.');
  return lines;
}

function ms(value: number): string {
  return `${Number(value.toPrecision(2))} ms`;
}

/** Shows how far a storm is, on one line of the terminal that is written again and again. */
export function showProgress(left: number, report: StormReport): void {
  const line = `storm: ${left.toFixed(1)} s left, ${report.violations} violations, ` +
    `${report.launches} launches, ${report.removed} removed, ${report.busy} busy, ` +
    `${report.copies} copies, ${report.collected} collected`;
  draw(rewrittenLine(line.slice(0, (process.stderr.columns || 80) - 1)));
}

/** Leaves the terminal's line empty. */
export function clearProgress(): void {
  draw(CLEARED_LINE);
}
