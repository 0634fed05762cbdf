import type { Result } from '../../result.ts';
import type { RuntimeName } from '../../place.ts';
import type { Limit } from '../words.ts';

/** A table of figures in words. Every written form of the report shows the same ones. */
export interface Table {
  /** Unique in the report, for links. */
  id: string;
  title: string;
  /** Sentences to read before it. */
  about?: string;
  /** One for the rows' names, then one for each column. */
  head: readonly string[];
  rows: readonly Row[];
  /** Sentences to read after it. */
  notes?: readonly string[];
  /** Whether a narrow page shows the cells of a row below each other. */
  narrow: 'stack' | 'keep';
}

/** A row of a table. */
export interface Row {
  /** What rows that follow each other have in common. */
  group?: string;
  name: string;
  cells: readonly Cell[];
}

/** What a cell says, line by line; nothing where there is nothing to tell. */
export type Cell = readonly Line[];

/** A line of a cell or of a list. */
export interface Line {
  text: string;
  /** Whether it tells that a limit is missed. */
  missed?: boolean;
}

/** A part of the report. */
export interface Section {
  id: string;
  title: string;
  about?: string;
  /** What it says beside its tables. */
  list?: readonly Line[];
  tables: readonly Table[];
}

/** The names of the runtimes as their makers write them. */
export const RUNTIMES: Readonly<Record<RuntimeName, string>> = {
  node: 'Node',
  deno: 'Deno',
  bun: 'Bun',
};

/** Makes lines of texts, without the empty ones. */
export function lines(...texts: (string | undefined)[]): Line[] {
  return texts.flatMap((text) => text ? { text } : []);
}

/** Makes a line of a limit, if there is one. */
export function limitLine(limit: Limit | undefined): Line[] {
  if (limit === undefined) return [];
  const text = `${limit.kind} ${limit.amount}, ${limit.verdict}`;
  return [limit.verdict === 'MISSED' ? { text, missed: true } : { text }];
}

/** The runtimes of results, each once. */
export function runtimesOf(results: readonly Result[]): RuntimeName[] {
  return [...new Set(results.map(({ runtime }) => runtime))];
}

/** The results of each case, by its name. */
export function byCase(results: readonly Result[]): Map<string, Result[]> {
  const cases = new Map<string, Result[]>();
  for (const result of results) {
    cases.set(result.case, [...cases.get(result.case) ?? [], result]);
  }
  return cases;
}

/** Makes an identifier of a name. */
export function identifier(...names: string[]): string {
  return names.join(' ').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');
}
