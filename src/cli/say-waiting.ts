import process from 'node:process';
import { quote } from '../lock/lock-error.ts';
import type { WaitInfo } from '../mod.ts';

/** Says on stderr what the program is waiting for, since that may take long. */
export function sayWaiting({ path, mode }: WaitInfo): void {
  const action = mode === 'shared' ? 'reading' : 'writing';
  process.stderr.write(`reflock: waiting for ${quote(path)} to lock it for ${action}\n`);
}
