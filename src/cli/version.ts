import { readFileSync } from 'node:fs';

/** The version of this package. */
export function version(): string {
  // Compiled files lie one directory deeper.
  const up = import.meta.url.endsWith('.ts') ? '../../' : '../../../';
  const file = new URL(`${up}package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
