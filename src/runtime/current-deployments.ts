/** The deployments that a collection must not touch, by their names. */

import { ENOENT } from '../linux/errno.ts';
import { toName } from '../linux/file-calls.ts';
import { Status } from '../linux/status.ts';
import { systemError } from '../lock/lock-error.ts';
import { invalid } from '../lock/lock-options.ts';
import { quote } from '../lock/printable.ts';
import { DEPLOYMENT } from './garbage-names.ts';
import type { Place } from './place.ts';

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

/** The directories to which names lead: a current deployment may be named by a link to it. */
export function identitiesOf({ fd }: Place, names: readonly string[]): ReadonlySet<string> {
  const status = new Status();
  const found = names.filter((name) => status.behind(fd, toName(name)) === 0);
  return new Set(found.map((name) => {
    status.behind(fd, toName(name));
    return status.identity;
  }));
}
