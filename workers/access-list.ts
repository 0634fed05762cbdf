/**
 * Access control lists, acl(5), in the form that `linux/posix_acl_xattr.h` gives them: a version,
 * then for each entry a tag, its permissions and an id, all with the lowest byte first.
 */

import { fileCalls, type Name, toName } from '../src/linux/file-calls.ts';
import { check } from './call-failed.ts';

/** Who may do what with a file. */
export const ACCESS_LIST = 'system.posix_acl_access';
/** What is made in a directory gets this one. */
const DEFAULT_LIST = 'system.posix_acl_default';

const VERSION = 2;
const HEADER = 4;
const ENTRY = 8;

// Tags of the entries.
const NAMED_USER = 0x02;
const OWNING_GROUP = 0x04;
const NAMED_GROUP = 0x08;
const MASK = 0x10;

const access: Name = toName(ACCESS_LIST);
const inherited: Name = toName(DEFAULT_LIST);

/**
 * Removes the lists that a directory has, such as those that it got from the directory in which it
 * was made. The permissions stay as they are.
 */
export function removeAccessLists(directory: number): void {
  const calls = fileCalls();
  const has = (name: Name): boolean => calls.fgetxattr(directory, name, 0, 0) > 0;
  if (has(access)) check(calls.fremovexattr(directory, access), 'fremovexattr');
  if (has(inherited)) check(calls.fremovexattr(directory, inherited), 'fremovexattr');
}

/**
 * Gives the permissions of a file whose list is lost, so that nobody has more rights than by the
 * list. With a list, the group's bits of the mode are only its mask. Whom the list names is judged
 * like all others from now on, so what one of its entries denies is denied to them all.
 */
export function permissionsWithout(list: Uint8Array, permissions: number): number {
  const entries = entriesOf(list);
  // A form that nobody knows: nothing is granted by it.
  if (!entries.some(({ tag }) => tag === OWNING_GROUP)) return permissions & ~0o77;
  const mask = entries.find(({ tag }) => tag === MASK)?.rights ?? 7;
  const common = (...tags: number[]): number =>
    entries.filter(({ tag }) => tags.includes(tag)).reduce((all, one) => all & one.rights, mask);
  // A user's entry counts before those of groups; one group's takes nothing from another group.
  const group = common(OWNING_GROUP, NAMED_USER);
  const others = permissions & common(NAMED_USER, NAMED_GROUP);
  return (permissions & ~0o77) | (group << 3) | others;
}

interface Entry {
  readonly tag: number;
  readonly rights: number;
}

/** None where the list is of a form that nobody knows. */
function entriesOf(list: Uint8Array): Entry[] {
  const view = new DataView(list.buffer, list.byteOffset, list.length);
  if (list.length < HEADER || view.getUint32(0, true) !== VERSION) return [];
  const entries = [];
  for (let at = HEADER; at + ENTRY <= list.length; at += ENTRY) {
    entries.push({ tag: view.getUint16(at, true), rights: view.getUint16(at + 2, true) & 7 });
  }
  return entries;
}
