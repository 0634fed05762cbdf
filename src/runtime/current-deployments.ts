/** The deployments that a collection must not touch, by their names. */

import { ENOENT } from '../linux/errno.ts';
import { fileCalls, toName } from '../linux/file-calls.ts';
import { O_CLOEXEC, O_PATH } from '../linux/open-flags.ts';
import { Status } from '../linux/status.ts';
import { LockError, systemError } from '../lock/lock-error.ts';
import { invalid } from '../lock/lock-options.ts';
import { quote } from '../lock/printable.ts';
import { DEPLOYMENT } from './garbage-names.ts';
import { Place } from './place.ts';

/** Checks that they can be names of deployments. */
export function checkDeployments(names: unknown): void {
  if (names === undefined) return;
  const rule = `must be an array of names that begin with '${DEPLOYMENT}'`;
  if (!Array.isArray(names)) throw invalid(TypeError, 'currentDeployments', rule, names);
  for (const name of names) {
    const sound = typeof name === 'string' && name.startsWith(DEPLOYMENT) && !name.includes('/');
    if (!sound) throw invalid(TypeError, 'currentDeployments', rule, name);
  }
}

/** A name with a slip in it would deliver the current deployment up to the collection. */
export function checkExistence(
  parent: string,
  { fd }: Place,
  current: readonly string[],
): void {
  const status = new Status();
  const missing = current.find((name) => status.at(fd, toName(name)) !== 0);
  if (missing === undefined) return;
  const path = `${parent}/${missing}`;
  throw systemError(`Cannot keep ${quote(path)} as current`, path, 'statx', ENOENT);
}

/**
 * The directories to which names lead, and those in which these lie, up to `parent`: a current
 * deployment may be named by a link to it, or to a part of it.
 */
export function identitiesOf(parent: Place, names: readonly string[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const name of names) {
    const fd = fileCalls().openat(parent.fd, toName(name), O_CLOEXEC | O_PATH, 0);
    if (fd === -1) continue;
    let at: Place | undefined = new Place(name, fd);
    while (at !== undefined && at.identity !== parent.identity) {
      found.add(at.identity);
      const above = upFrom(at);
      at.close();
      at = above;
    }
    at?.close();
  }
  return found;
}

/** What it leads to may be a file, or lie where nobody may look. */
function upFrom(place: Place): Place | undefined {
  try {
    return place.up();
  } catch (error) {
    if (error instanceof LockError) return undefined;
    throw error;
  }
}
