/**
 * The runtimes that a directory lies in. Who uses one of them uses all of it, so nobody must use it
 * when a part of it is deleted: `rm /srv/debian/usr` would take a part of what `use /srv/debian` has in
 * use.
 *
 * Their locks are asked about, and not taken: two removers in one runtime would be in each other's
 * way, and who may delete a part need not have a right to write the `.ref` of the whole. It is asked
 * before anything is done, and once more when the part has been renamed: a user who came in between is
 * seen then, and one who comes later finds the runtime without the part.
 *
 * What is mounted within a runtime is no part of it, so the way up ends at the top of a mount.
 */

import { isHeldAt } from '../lock/is-held.ts';
import { quote } from '../lock/printable.ts';
import { runtimeIn } from './find-runtime.ts';
import type { HeldRefs } from './held-refs.ts';
import { type BusyRef, busyRef } from './lock-ref.ts';
import type { Place } from './place.ts';
import { hasTrustedRef } from './signs.ts';

/** Opens the runtimes that a directory lies in; `held` closes them. */
export function openAncestors(directory: Place, held: HeldRefs): Place[] {
  const found: Place[] = [];
  for (let at = directory.upWithinMount(); at !== undefined; at = at.upWithinMount()) {
    held.own(at);
    if (isUsable(at)) found.push(at);
  }
  return found;
}

/** The same for what lies in the directory: that may be a runtime, too. */
export function openAncestorsOfEntries(directory: Place, held: HeldRefs): Place[] {
  const above = openAncestors(directory, held);
  return isUsable(directory) ? [directory, ...above] : above;
}

/** Tells which of them is in use. */
export function usedAncestor(ancestors: readonly Place[]): BusyRef | undefined {
  const used = ancestors.find((place) =>
    isHeldAt(place.fd, '.ref', `Cannot tell who uses ${quote(place.path)}`)
  );
  return used && { ...busyRef({ in: used, mode: 'exclusive', create: false }), isAncestor: true };
}

/** Only a runtime with a `.ref` can be in use. */
function isUsable(place: Place): boolean {
  if (!hasTrustedRef(place)) return false;
  const found = runtimeIn(place, `Cannot look at ${quote(place.path)}`);
  // A deployment's runtime is its `files/`, and its own `.ref` says that all of it is in use.
  if (found !== undefined && found.place !== place) found.place.close();
  return found !== undefined;
}
