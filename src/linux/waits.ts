import { type Access, modesOf } from './wait-modes.ts';

type Mode = 'shared' | 'exclusive';
type Kind = 'ofd' | 'process';

/** A thread that waits, as its process shows it. */
export interface SeenWait {
  readonly file: string;
  readonly kind: Kind;
  readonly pid: number;
  readonly access: Access;
}

/** What is known of so many waits. */
export interface ToldWait {
  readonly file: string;
  readonly kind: Kind;
  /** 0 where nothing tells it. */
  readonly pid: number;
  readonly mode?: Mode;
  readonly count: number;
}

/** Waits of one kind for one file; of one process, where the kernel's list names it. */
interface Group {
  readonly file: string;
  readonly kind: Kind;
  readonly pid: number;
  readonly seen: SeenWait[];
  readonly listed: Record<Mode, number>;
}

/** Brings together who waits, which threads show, and for what, which the kernel's list shows. */
export class Waits {
  readonly #groups = new Map<string, Group>();

  addSeen(wait: SeenWait): void {
    this.#group(wait.file, wait.kind, wait.pid).seen.push(wait);
  }

  addListed(wait: { file: string; kind: Kind; mode: Mode }, pid: number): void {
    this.#group(wait.file, wait.kind, pid).listed[wait.mode]++;
  }

  /** `whole` is whether all was listed. */
  tell(whole: boolean): ToldWait[] {
    return [...this.#groups.values()].flatMap((group) => tellGroup(group, whole));
  }

  #group(file: string, kind: Kind, owner: number): Group {
    // The list does not name who waits for an open-file-description lock.
    const pid = kind === 'ofd' ? 0 : owner;
    const key = `${file} ${kind} ${pid}`;
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { file, kind, pid, seen: [], listed: { shared: 0, exclusive: 0 } };
      this.#groups.set(key, group);
    }
    return group;
  }
}

function tellGroup({ file, kind, pid, seen, listed }: Group, whole: boolean): ToldWait[] {
  const modes = modesOf(seen.map(({ access }) => access), whole ? listed : undefined);
  const told = seen.map((wait, index): ToldWait => tellOne({ ...wait, count: 1 }, modes[index]));
  // A part of the list may show a wait many times, and those of the unseen are known by nothing else.
  if (!whole && kind === 'ofd') return told;
  const counted = (mode: Mode | undefined): number => modes.filter((one) => one === mode).length;
  const shared = Math.max(0, listed.shared - counted('shared'));
  const exclusive = Math.max(0, listed.exclusive - counted('exclusive'));
  const unknown = counted(undefined);
  const rest: [Mode | undefined, number][] = unknown === 0
    ? [['shared', shared], ['exclusive', exclusive]]
    // Which of them are the seen ones' is not known.
    : [[undefined, Math.max(0, shared + exclusive - unknown)]];
  for (const [mode, count] of rest) {
    if (count > 0) told.push(tellOne({ file, kind, pid, count }, mode));
  }
  return told;
}

function tellOne(
  { file, kind, pid, count }: Omit<ToldWait, 'mode'>,
  mode: Mode | undefined,
): ToldWait {
  return { file, kind, pid, count, ...(mode !== undefined && { mode }) };
}
