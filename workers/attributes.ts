/** What a copy must have of the original beside its contents. */

import { constants } from 'node:os';
import { fileCalls, toName } from '../src/linux/file-calls.ts';
import { DT_DIR } from '../src/linux/listing.ts';
import { heedsPrivileges } from '../src/linux/heeds-privileges.ts';
import { Status } from '../src/linux/status.ts';
import { ACCESS_LIST, permissionsWithout } from './access-list.ts';
import { CallFailed, check, checkErrno } from './call-failed.ts';
import { keepOwners, type KeptOwners } from './owners.ts';

const { EPERM, ENOTSUP, EINVAL, ENODATA, EACCES, EOVERFLOW } = constants.errno;

/** What a program may do that others may not, capabilities(7). */
const CAPABILITY = 'security.capability';
const SET_ID = 0o6000;
/**
 * What the kernel gives for an owner or a group that it has no id for, in a user namespace or on a
 * mount whose ids are mapped (`/proc/sys/kernel/overflowuid`).
 */
const NOBODY = 65_534;
/** XATTR_SIZE_MAX of the kernel. */
const VALUE_SIZE = 65_536;

let status: Status | undefined;

/**
 * Gives a new file or directory the owner, the extended attributes, the permissions and the times
 * of another one. Only the superuser may give files away and set some attributes: where that is
 * refused, the copy is the copier's own, as with `cp -a`.
 *
 * Nobody else gets more rights by it than the original gives, and no program more than it would run
 * with: set-id bits and capabilities that the kernel does not heed where the original lies are
 * dropped, and an access control list that cannot be kept leaves no rights behind.
 */
export function copyAttributes(from: number, to: number): void {
  const calls = fileCalls();
  const original = status ??= new Status();
  checkErrno(original.of(from), 'statx');
  const { times } = original;
  const owners = keepOwners((uid, gid) => calls.fchown(to, uid, gid), 'fchown', original);
  const names = extendedNames(from);
  let { permissions } = original;
  const privileged = keepsPrivileges(from, original, owners, names);
  if (!privileged) permissions &= ~SET_ID;
  // After the owner, whose change takes away capabilities; before the permissions, which may take
  // away our own.
  for (const name of names) {
    if (name === ACCESS_LIST) permissions = keepList(from, to, owners, permissions);
    else if (name !== CAPABILITY || privileged) copyOne(from, to, name);
  }
  if (owners === 'group-lost') permissions = inCommon(permissions);
  check(calls.fchmod(to, permissions), 'fchmod');
  check(calls.futimens(to, times), 'futimens');
}

/** Gives the copy the original's access control list, and the permissions that it can have then. */
function keepList(from: number, to: number, owners: KeptOwners, permissions: number): number {
  const list = valueOf(from, ACCESS_LIST);
  if (list === undefined) {
    // It is gone, or nobody knows what of the permissions is more than its mask.
    return fileCalls().errno() === ENODATA ? permissions : permissions & ~0o77;
  }
  // A list says what the owning group may do, and that may be another group now.
  if (owners !== 'group-lost' && setValue(to, ACCESS_LIST, list)) return permissions;
  return permissionsWithout(list, permissions);
}

/** Whether a program may run as its owner or group, and with capabilities, as the original does. */
function keepsPrivileges(
  from: number,
  { type, permissions, uid, gid }: Status,
  owners: KeptOwners,
  names: readonly string[],
): boolean {
  // A program that runs as its owner must not do so for another one.
  if (owners !== 'both') return false;
  // The group that a directory hands down is no power of a program's.
  if (type === DT_DIR) return true;
  // Asked for the few that have something to lose.
  if ((permissions & SET_ID) === 0 && !names.includes(CAPABILITY)) return true;
  return uid !== NOBODY && gid !== NOBODY && heedsPrivileges(from);
}

/**
 * Permissions for a file whose group could not be kept: who is in the one group may not be in the
 * other, and so both groups and all others get what the original gives to group and others alike.
 */
function inCommon(permissions: number): number {
  const common = permissions & (permissions >> 3) & 7;
  return (permissions & ~0o77) | (common << 3) | common;
}

function extendedNames(file: number): string[] {
  const calls = fileCalls();
  const size = calls.flistxattr(file, 0, 0);
  if (size === 0 || (size === -1 && calls.errno() === ENOTSUP)) return [];
  const list = new Uint8Array(check(size, 'flistxattr'));
  const length = check(calls.flistxattr(file, list, list.length), 'flistxattr');
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(list.subarray(0, length)).split('\0')
    .filter((name) => name !== '');
}

/** What an attribute has; `undefined` where it has gone, or is not for us. */
function valueOf(file: number, name: string): Uint8Array | undefined {
  const calls = fileCalls();
  const value = new Uint8Array(VALUE_SIZE);
  const size = calls.fgetxattr(file, toName(name), value, value.length);
  if (size !== -1) return value.subarray(0, size);
  const errno = calls.errno();
  // EOVERFLOW: the capabilities hold in a user namespace that this one does not know.
  if (errno === ENODATA || errno === EPERM || errno === ENOTSUP || errno === EOVERFLOW) {
    return undefined;
  }
  throw new CallFailed('fgetxattr', errno);
}

function copyOne(from: number, to: number, name: string): void {
  const value = valueOf(from, name);
  if (value !== undefined) setValue(to, name, value);
}

/** Sets an attribute; `false` where the filesystem or our rights do not allow it. */
function setValue(file: number, name: string, value: Uint8Array): boolean {
  const set = fileCalls().fsetxattr(file, toName(name), value, value.length, 0);
  return check(set, 'fsetxattr', EPERM, ENOTSUP, EACCES, EINVAL) !== -1;
}
