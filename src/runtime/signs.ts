import { ENOENT } from '../linux/errno.ts';
import { fileCalls, toName } from '../linux/file-calls.ts';
import { DT_REG } from '../linux/listing.ts';
import { Status } from '../linux/status.ts';
import { notARuntime } from './find-runtime.ts';
import type { Place } from './place.ts';

/** What says how a runtime that is stored in parts becomes a whole one. */
const MANIFESTS = ['usr-mtree.txt.gz', 'usr-mtree.txt'];

/**
 * Makes sure that something says that a directory is a runtime: `bin/` and `lib/` are in many homes, and
 * in every Python environment.
 *
 * @throws {LockError} `ERR_NOT_A_RUNTIME`, with what to do.
 */
export function requireSign(tree: Place, action: string): void {
  if (hasRef(tree) || ['files', 'usr'].some((name) => hasRefIn(tree, name)) || hasManifest(tree)) {
    return;
  }
  const help = 'if it is one, use it once (reflock use), or tell rm to force it (--force-runtime)';
  const why = `nothing says that it is a runtime: it has no .ref and no manifest; ${help}`;
  throw notARuntime(action, tree.path, why);
}

/** Whether a directory has a `.ref`, whatever that is. */
export function hasRef(place: Place): boolean {
  return new Status().at(place.fd, toName('.ref')) !== ENOENT;
}

/**
 * Whether a directory has a `.ref` that says something of it: anybody may put one into `/tmp`, and would
 * make it a runtime, or a directory of copies.
 */
export function hasTrustedRef(place: Place): boolean {
  const status = new Status();
  if (status.at(place.fd, toName('.ref')) !== 0) return false;
  return !place.isShared || [0, place.uid, fileCalls().geteuid()].includes(status.uid);
}

function hasRefIn(tree: Place, name: string): boolean {
  const place = tree.openBeneath(name, 'enter');
  if (place === undefined) return false;
  try {
    return hasRef(place);
  } finally {
    place.close();
  }
}

function hasManifest({ fd }: Place): boolean {
  const status = new Status();
  return MANIFESTS.some((name) => status.behind(fd, toName(name)) === 0 && status.type === DT_REG);
}
