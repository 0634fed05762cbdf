import { readFileSync } from 'node:fs';

/** Descriptors that a process with so many waits needs for something else, and to spare. */
const OTHERS = 1000;

/** How many files are held by one process and waited for by another: thousands, as far as that goes. */
export const MANY: number = Math.min(10_000, openFilesLimit() - OTHERS);

/** The same with a comma. */
export const MANY_IN_WORDS: string = MANY.toLocaleString('en');

/** The runtimes raise their own limit of open files to this when they start. */
function openFilesLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  // Max open files            1024                 524288               files
  const hard = limits.match(/^Max open files +\S+ +(\S+)/m)![1]!;
  return hard === 'unlimited' ? Infinity : Number(hard);
}
