import { readFileSync } from 'node:fs';

/** The words of this program's command line as bytes, or none (proc_pid_cmdline(5)). */
export function ownWords(): Uint8Array[] {
  const words: Uint8Array[] = [];
  try {
    const bytes = readFileSync('/proc/self/cmdline');
    for (let start = 0, end; (end = bytes.indexOf(0, start)) !== -1; start = end + 1) {
      words.push(bytes.subarray(start, end));
    }
  } catch {
    // Deno shows it only to programs with all permissions.
  }
  return words;
}
