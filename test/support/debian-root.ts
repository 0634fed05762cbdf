import { existsSync } from 'node:fs';
import process from 'node:process';
import { root } from './runtime.ts';

const path = process.env.REFLOCK_DEBIAN_ROOT || `${root}/.cache/debian-root`;

/** The root filesystem that `npm run debian-root` makes, if it is there. Never to be changed. */
export const debianRoot: string | undefined = existsSync(path) ? path : undefined;

/** Gives it to tests, which are skipped without it; then it says so. */
export function debianRootOrSkip(): string | undefined {
  if (debianRoot === undefined) console.log(`skipped: no ${path}; npm run debian-root makes it`);
  return debianRoot;
}
