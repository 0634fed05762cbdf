import { readdirSync, readlinkSync } from 'node:fs';

/** The open descriptors of this process that lead to files below `directory`, as `fd path`. */
export function openFds(directory: string): string[] {
  const found: string[] = [];
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      if (target.startsWith(directory)) found.push(`${fd} ${target}`);
    } catch {
      // The descriptor of the listing itself has gone by now.
    }
  }
  return found;
}
