import { readProc, runningPids } from './proc.ts';

/**
 * Gives all processes that have come from this one and have not ended, by the pids that this process
 * knows them by: `/proc` may be that of a pid namespace further out.
 */
export function descendants(): number[] {
  const self = look('self');
  if (self === undefined) return [];
  const children = new Map<number, Relative[]>();
  for (const pid of runningPids()) {
    const one = look(String(pid));
    if (one === undefined) continue;
    const siblings = children.get(one.parent);
    if (siblings === undefined) children.set(one.parent, [one]);
    else siblings.push(one);
  }
  const found: Relative[] = [];
  const pending = [self];
  for (let one; (one = pending.pop()) !== undefined;) {
    const next = children.get(one.pid) ?? [];
    found.push(...next);
    pending.push(...next);
  }
  // The last namespace of this process is the one in which it lives.
  const depth = self.names.length - 1;
  return found.flatMap(({ ended, names }) => ended ? [] : names[depth] ?? []);
}

interface Relative {
  /** Its pid and its parent's in the namespace of `/proc`. */
  readonly pid: number;
  readonly parent: number;
  /** Its pid in that namespace and in each one further in that it is in. */
  readonly names: readonly number[];
  /** Whether only its parent has yet to take note of its end. */
  readonly ended: boolean;
}

/** Gives `undefined` for a process that there is not any more. */
function look(name: string): Relative | undefined {
  const status = readProc(`${name}/status`);
  const field = (name: string): string[] =>
    new RegExp(`^${name}:\\s+(.*)`, 'm').exec(status)?.[1]?.split('\t') ?? [];
  const [pid, parent] = [...field('Pid'), ...field('PPid')].map(Number);
  if (pid === undefined || parent === undefined) return undefined;
  // NSpid has come with Linux 4.1.
  const names = field('NSpid').map(Number);
  const ended = /^[ZX]/.test(field('State')[0] ?? '');
  return { pid, parent, names: names.length > 0 ? names : [pid], ended };
}
