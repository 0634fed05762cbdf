import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import type { StormReport } from '../../src/cli/storm/report.ts';
import { type Program, startScript } from './process.ts';
import { temp } from './temp.ts';

/** A new directory for a storm. */
export function directory(): string {
  return mkdtempSync(join(temp, 'storm-'));
}

/** Starts a storm in a directory. */
export function storm(dir: string, ...args: string[]): Program {
  return startScript('src/cli/main.ts', ['storm', '--json', '--dir', dir, ...args]);
}

/** The report of a storm, which must end with this status and leave nothing behind. */
export async function reportOf(
  program: Program,
  dir: string,
  status: number,
): Promise<StormReport> {
  const line = await program.line();
  assert.equal(await program.ended, { code: status, signal: null }, program.stderr() || line);
  assert.equal(readdirSync(dir), []);
  assert.is(program.stderr(), '');
  return JSON.parse(line!) as StormReport;
}

/**
 * Gives the report of a storm in which everything has happened that one can judge. How long that
 * takes is the machine's business, so each storm is twice as long as the one before.
 */
export async function untilAllHappens(
  rage: (seconds: number) => Promise<StormReport>,
): Promise<StormReport> {
  for (let seconds = 2;; seconds *= 2) {
    const report = await rage(seconds);
    const { launches, removed, busy, copies, collected, violations } = report;
    const isAll = ![launches, removed, busy, copies, collected].includes(0);
    if (isAll || violations > 0 || seconds >= 16) return report;
  }
}
