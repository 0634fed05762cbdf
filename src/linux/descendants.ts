import { readProc, runningPids } from './proc.ts';

/** Gives all processes that have come from this one and have not ended. */
export function descendantsOf(ancestor: number): number[] {
  const children = new Map<number, number[]>();
  for (const pid of runningPids()) {
    const parent = parentOf(pid);
    if (parent === undefined) continue;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [pid]);
    else siblings.push(pid);
  }
  const found: number[] = [];
  const pending = [ancestor];
  for (let pid; (pid = pending.pop()) !== undefined;) {
    const next = children.get(pid) ?? [];
    found.push(...next);
    pending.push(...next);
  }
  return found;
}

/** Gives `undefined` for a process that has ended, also when its parent has not taken note yet. */
function parentOf(pid: number): number | undefined {
  // 4121 (name, which may hold anything) S 4100 …
  const status = readProc(`${pid}/stat`);
  const [state, parent] = status.slice(status.lastIndexOf(')') + 2).split(' ');
  return state === undefined || state === '' || 'ZX'.includes(state) ? undefined : Number(parent);
}
