/**
 * Trees that are not whole: copies that are being made, and whatever is being deleted. Each has a
 * name of its own until it is whole, or gone. So whoever is killed half-way leaves nothing that
 * could be taken for a runtime, but only what the next collection takes: the names begin with
 * `tmp-`, which pressure-vessel's collector takes for garbage as well. An entry `keep` in it does not
 * count: a killed copier may have copied it, and a killed remover may not have come to it.
 */

import { randomBytes } from 'node:crypto';
import { sep } from 'node:path';
import { quote } from '../lock/printable.ts';
import { notARuntime } from './find-runtime.ts';
import type { Place } from './place.ts';

/** How the names of mutable copies begin. */
export const COPY = 'tmp-';
const PARTIAL = 'tmp-partial-';

/** A name that nobody has yet, for a copy, or for a tree that is not whole. */
export function freshName(kind: 'copy' | 'partial'): string {
  return (kind === 'copy' ? COPY : PARTIAL) + randomBytes(4).toString('hex');
}

/** Whether a tree of this name is not whole. */
export function isPartial(name: string): boolean {
  return name.startsWith(PARTIAL);
}

/**
 * Refuses a runtime that is not whole, or lies in something that is not. Names alone tell that, so
 * they are asked of the kernel: the path may lead through links.
 *
 * @throws {LockError} `ERR_NOT_A_RUNTIME`.
 */
export function refusePartial(place: Place): void {
  const { fullPath } = place;
  if (!fullPath.split(sep).some(isPartial)) return;
  const action = `Cannot use ${quote(fullPath)} as a runtime`;
  throw notARuntime(action, fullPath, 'it is not whole, but half made or half deleted');
}
