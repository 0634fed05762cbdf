/** For what a descriptor is open. */
export type Access = 'read' | 'write' | 'both';

/** How many of each mode. */
export interface ModeCounts {
  readonly shared: number;
  readonly exclusive: number;
}

/**
 * Tells for which mode waiters wait, `undefined` where nothing tells it. `listed` is what the kernel
 * lists of such waits, all of them and by their modes, but not by who waits.
 *
 * A descriptor that is open for reading alone can only wait for a shared lock, and one for writing
 * alone for an exclusive one (fcntl(2)). Of the rest something is known only where what is left of
 * the list is of one mode.
 */
export function modesOf(
  waiters: readonly Access[],
  listed: ModeCounts | undefined,
): ('shared' | 'exclusive' | undefined)[] {
  const rest = listed === undefined ? undefined : modeOfRest(waiters, listed);
  return waiters.map((access) => BY_ACCESS[access] ?? rest);
}

const BY_ACCESS = { read: 'shared', write: 'exclusive', both: undefined } as const;

function modeOfRest(
  waiters: readonly Access[],
  listed: ModeCounts,
): 'shared' | 'exclusive' | undefined {
  const count = (access: Access): number => waiters.filter((one) => one === access).length;
  const shared = listed.shared - count('read');
  const exclusive = listed.exclusive - count('write');
  // The list was read at another moment than the waiters were seen: it is about others.
  if (shared < 0 || exclusive < 0 || shared + exclusive < count('both')) return undefined;
  if (shared === 0) return 'exclusive';
  return exclusive === 0 ? 'shared' : undefined;
}
