import { readFileSync, statSync } from 'node:fs';

/** Returns when the kernel has so many waiters for these files, by default one each. */
export async function untilBlocked(
  files: readonly string[],
  waiters: number = files.length,
): Promise<void> {
  const inodes = new Set(files.map((file) => statSync(file).ino));
  while (waitersFor(inodes) < waiters) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** How many waiters the kernel has for these files: lines such as `1: -> OFDLCK … fe:00:123 0 EOF`. */
function waitersFor(inodes: ReadonlySet<number>): number {
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes('->') && inodes.has(Number(line.match(/:(\d+) \d+ /)?.[1])))
    .length;
}
