/** What a copy must have of the original beside its contents. */

import { constants } from 'node:os';
import { fileCalls, toName } from '../src/linux/file-calls.ts';
import { Status } from '../src/linux/status.ts';
import { CallFailed, check, checkErrno } from './call-failed.ts';

const { EPERM, ENOTSUP, EINVAL, ENODATA, EACCES } = constants.errno;

let status: Status | undefined;

/**
 * Gives a file or directory the owner, the extended attributes, the permissions and the times of
 * another one. Only the superuser may give files away and set some attributes: where that is
 * refused, the copy is the copier's own, as with `cp -a`.
 */
export function copyAttributes(from: number, to: number): void {
  const calls = fileCalls();
  const original = status ??= new Status();
  checkErrno(original.of(from), 'statx');
  const { uid, gid, permissions, times } = original;
  const given = check(calls.fchown(to, uid, gid), 'fchown', EPERM, EINVAL) !== -1;
  // After the owner, whose change takes away set-id bits; before the permissions, which may take
  // away our own.
  copyExtended(from, to);
  // A program that runs as its owner must not do so for another one.
  check(calls.fchmod(to, given ? permissions : permissions & 0o1777), 'fchmod');
  check(calls.futimens(to, times), 'futimens');
}

function copyExtended(from: number, to: number): void {
  const calls = fileCalls();
  const size = calls.flistxattr(from, 0, 0);
  if (size === 0 || (size === -1 && calls.errno() === ENOTSUP)) return;
  const list = new Uint8Array(check(size, 'flistxattr'));
  const names = nameList(list.subarray(0, check(readList(from, list), 'flistxattr')));
  for (const name of names) copyOne(from, to, name);
}

function readList(from: number, list: Uint8Array): number {
  return fileCalls().flistxattr(from, list, list.length);
}

function nameList(bytes: Uint8Array): string[] {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\0').filter((name) =>
    name !== ''
  );
}

function copyOne(from: number, to: number, text: string): void {
  const calls = fileCalls();
  const name = toName(text);
  // XATTR_SIZE_MAX of the kernel.
  const value = new Uint8Array(65_536);
  const size = calls.fgetxattr(from, name, value, value.length);
  if (size === -1) {
    const errno = calls.errno();
    if (errno === ENODATA || errno === EPERM || errno === ENOTSUP) return;
    throw new CallFailed('fgetxattr', errno);
  }
  check(calls.fsetxattr(to, name, value, size, 0), 'fsetxattr', EPERM, ENOTSUP, EACCES, EINVAL);
}
