import { printable } from '../../lock/printable.ts';

/** What a check has found. */
export interface Finding {
  /** With a warning locks work, but something else does not, or may not. */
  readonly state: 'ok' | 'warning' | 'failure';
  /** One line, safe to print. */
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
}

/** A check that was made, or left out, as `--json` prints it. */
export interface Check extends Finding {
  readonly name: string;
}

/** Nothing is wrong. */
export function ok(message: string): Finding {
  return { state: 'ok', message: printable(message) };
}

/** Locks work, but … */
export function warning(message: string, advice?: string): Finding {
  return { state: 'warning', message: printable(message), ...(advice !== undefined && { advice }) };
}

/** Locks do not work. */
export function failure(message: string, advice?: string): Finding {
  return { state: 'failure', message: printable(message), ...(advice !== undefined && { advice }) };
}
