/**
 * The runtimes that a directory lies in. Who uses one of them uses all of it, so its lock is needed
 * before a part of it is deleted: `rm /srv/debian/usr` would take a part of what `use /srv/debian`
 * has in use.
 *
 * What is mounted within a runtime is no part of it, so the way up ends at the top of a mount.
 */

import { isHeld } from '../linux/is-held.ts';
import { fileCalls } from '../linux/file-calls.ts';
import { LockError } from '../lock/lock-error.ts';
import { runtimeIn } from './find-runtime.ts';
import type { HeldRefs } from './held-refs.ts';
import { type BusyRef, busyRef, lookAt, openRefForReading } from './lock-ref.ts';
import type { Place } from './place.ts';

/** Where somebody may not lock exclusively who may only read the file. */
const READ_ONLY: readonly string[] = ['EACCES', 'EPERM', 'EROFS'];

/** Opens the runtimes that a directory lies in, outermost first; `held` closes them. */
export function openAncestors(directory: Place, held: HeldRefs): Place[] {
  const found: Place[] = [];
  for (let at = directory.upWithinMount(); at !== undefined; at = at.upWithinMount()) {
    held.own(at);
    if (isRuntimeInUse(at)) found.unshift(at);
  }
  return found;
}

/** The same for what lies in the directory: that may be a runtime, too. */
export function openAncestorsOfEntries(directory: Place, held: HeldRefs): Place[] {
  const above = openAncestors(directory, held);
  return isRuntimeInUse(directory) ? [...above, directory] : above;
}

/**
 * Takes the lock of an outer runtime. One that the caller may only read cannot be locked, and is not
 * the caller's to keep others from: it is enough that nobody uses it now.
 */
export async function takeAncestor(place: Place, held: HeldRefs): Promise<BusyRef | undefined> {
  try {
    return await held.take(place, false);
  } catch (error) {
    if (!(error instanceof LockError) || !READ_ONLY.includes(error.code)) throw error;
    const fd = openRefForReading(place);
    if (fd < 0) throw error;
    const busy = isHeld(fd);
    fileCalls().close(fd);
    return busy ? busyRef({ in: place, mode: 'exclusive', create: false }) : undefined;
  }
}

/** Only a runtime with a `.ref` can be in use. */
function isRuntimeInUse(place: Place): boolean {
  const { uid } = lookAt(place);
  if (uid === undefined) return false;
  // Anybody may put a `.ref` into /tmp, and would keep everybody from deleting anything there.
  const trusted = !place.isShared || [0, place.uid, fileCalls().geteuid()].includes(uid);
  if (!trusted) return false;
  const found = runtimeIn(place, `Cannot look at the runtime ${place.path}`);
  if (found !== undefined && found.place !== place) found.place.close();
  return found?.place === place;
}
