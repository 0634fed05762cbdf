import type { Result } from '../../result.ts';
import { casesSection } from './cases.ts';
import { environmentSection } from './environment.ts';
import { growthSection } from './growth.ts';
import { peersSection } from './peers.ts';
import type { Section } from './table.ts';
import { usageSection } from './usage.ts';

/** Everything that the report tells in words and numbers, without the parts that have nothing. */
export function sections(results: readonly Result[]): Section[] {
  return [environmentSection, peersSection, growthSection, casesSection, usageSection]
    .map((section) => section(results))
    .filter(({ tables }) => tables.length > 0);
}
