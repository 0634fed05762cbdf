import { isIgnored } from '../linux/program.ts';

// The same number on every architecture.
const SIGHUP = 1;

/**
 * The signals that a command goes on ignoring: SIGHUP, if this program was started by nohup(1). Node
 * sets it back to the default before any JavaScript runs, and nothing shows it then.
 */
export function ignoredSignals(): number[] {
  return isIgnored(SIGHUP) ? [SIGHUP] : [];
}
