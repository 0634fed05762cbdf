import type { Colors } from '../colors.ts';
import { counted } from '../counted.ts';
import type { Line } from '../line.ts';
import { wrap } from '../wrap.ts';
import type { Check, Finding } from './finding.ts';

/** How the text is laid out. */
export interface Layout {
  readonly colors: Colors;
  /** The width of the terminal, if it is one: long lines are wrapped then. */
  readonly columns?: number | undefined;
}

// Columns: the longest state and the longest name, and two spaces each.
const STATE = 9;
const NAME = 13;
/** Below that, lines that are too long are better than many short ones. */
const NARROWEST = 20;

/** A line for each check, what to do below it, and a last line that sums up. */
export function doctorLines(
  checks: readonly Check[],
  { colors, columns = Infinity }: Layout,
): Line[] {
  const color = { ok: colors.green, warning: colors.yellow, failure: colors.red };
  const indent = ' '.repeat(STATE + NAME);
  // The last column stays free, where some terminals begin a new line by themselves.
  const room = Math.max(NARROWEST, columns - 1 - indent.length);
  const lines = checks.flatMap(({ name, state, message, advice }): Line[] => {
    const begin = `${' '.repeat(STATE - state.length)}${name.padEnd(NAME)}`;
    const [first, ...rest] = [message, ...advice === undefined ? [] : [advice]]
      .flatMap((text) => wrap(text, room));
    return [[color[state](state), `${begin}${first}`], ...rest.map((line) => `${indent}${line}`)];
  });
  return [...lines, sum(checks)];
}

function sum(checks: readonly Check[]): string {
  const count = (wanted: Finding['state']): number =>
    checks.filter(({ state }) => state === wanted).length;
  const [failures, warnings] = [count('failure'), count('warning')];
  if (failures > 0) return `locks do not work here: ${counted(failures, 'failure')}`;
  return warnings === 0
    ? 'locks work here'
    : `locks work here, with ${counted(warnings, 'warning')}`;
}
