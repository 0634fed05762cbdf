import type { LockKind } from '../../../src/mod.ts';
import { runtimes } from '../../support/runtime.ts';

/** What must have happened in a torture; one in which it has not, has shown nothing. */
export function needs(
  kind: 'auto' | LockKind,
  hasContainers: boolean,
): ReadonlyMap<string, readonly string[]> {
  const needed = new Map<string, readonly string[]>([
    ...runtimes.map((runtime) => [`of ${runtime}`, ['try', 'lock', 'wait']] as const),
    ['of posix', ['try', 'wait']],
    ['acquisitions', ['of a range', ...hasContainers ? ['bwrap'] : []]],
    ['waits', ['granted', 'aborted', 'timed-out', 'replaced', 'upgrade-given-up', 'closed']],
    ['modes', ['upgraded', 'downgraded']],
    ['files', ['renamed', 'deleted']],
    ['stops', runtimes],
    ['exits', runtimes],
    ['ends', runtimes],
  ]);
  const killed = ['posix', ...runtimes, ...hasContainers ? ['bwrap'] : []];
  // Locks of processes are not inherited.
  if (kind === 'process') return needed.set('kills', killed);
  return needed.set('kills', [...killed, 'child']).set('children', ['inherited a lock', 'ended']);
}
