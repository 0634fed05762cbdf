import { holdersNow, holdersText } from '../lock/holders.ts';
import { quote } from '../lock/printable.ts';
import type { WaitInfo } from '../mod.ts';
import { say } from './say.ts';

/** Says on stderr what the program is waiting for, and for whom, since that may take long. */
export function sayWaiting({ path, mode }: WaitInfo): void {
  const action = mode === 'shared' ? 'reading' : 'writing';
  const who = holdersText(holdersNow(path));
  say(`waiting for ${quote(path)} to lock it for ${action}: ${who}`);
}
