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

/**
 * The report of a storm, which must end with this status and leave nothing behind; or with 1 where there
 * were violations, and the other one where there were none.
 */
export async function reportOf(
  program: Program,
  dir: string,
  status: number | readonly [bad: number, good: number],
): Promise<StormReport> {
  const line = await program.line();
  const end = await program.ended;
  const said = program.stderr() || line;
  assert.is(program.stderr(), '', said);
  const report = JSON.parse(line!) as StormReport;
  const code = typeof status === 'number' ? status : status[report.violations > 0 ? 0 : 1];
  assert.equal(end, { code, signal: null }, said);
  assert.equal(readdirSync(dir), []);
  return report;
}

/**
 * Gives the report of a storm in which all of this has happened. How long that takes is the machine's
 * business, so each storm is twice as long as the one before.
 */
export async function untilAllHappens(
  what: readonly ('launches' | 'removed' | 'busy' | 'copies' | 'collected')[],
  rage: (seconds: number) => Promise<StormReport>,
): Promise<StormReport> {
  for (let seconds = 2;; seconds *= 2) {
    const report = await rage(seconds);
    const isAll = what.every((one) => report[one] > 0);
    if (isAll || report.violations > 0 || seconds >= 16) return report;
  }
}
