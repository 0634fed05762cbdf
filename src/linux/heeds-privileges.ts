import { mountOf } from './directory.ts';
import { fileCalls } from './file-calls.ts';
import { openStart } from './path-steps.ts';
import { readProc } from './proc.ts';

/** `f_flag` of `struct statvfs`: the tenth of its longs, with glibc and with musl. */
const F_FLAG = 9;
/** `ST_NOSUID` of statvfs(3). */
const ST_NOSUID = 2n;

/**
 * Tells whether the kernel heeds the set-id bits and the capabilities of programs that lie where an
 * open file does: not on a mount with `nosuid`, nor on one of another mount namespace, such as
 * what `/proc/PID/root` leads to (`mnt_may_suid()` of the kernel). Where that cannot be told, it
 * does not. Where there is no `/proc`, nobody has come to a mount through it.
 *
 * The kernel does not heed a filesystem of another user namespace either, whose flags do not say
 * so; but it gives owners and capabilities there as that namespace's own, which have no power here.
 */
export function heedsPrivileges(file: number): boolean {
  const longs = new BigUint64Array(32);
  if (fileCalls().fstatvfs(file, new Uint8Array(longs.buffer)) === -1) return false;
  return (longs[F_FLAG]! & ST_NOSUID) === 0n && isOurs(file);
}

/** Whether its mount is one of this process's namespace. */
function isOurs(file: number): boolean {
  const mount = mountOf(file);
  const all = readProc('self/mountinfo');
  if (mount === undefined || all === '') return true;
  if (new RegExp(`^${mount} `, 'm').test(all)) return true;
  // After a chroot(2) into the middle of a mount, that one is not listed.
  const root = openStart('/');
  if (root < 0) return false;
  const same = mountOf(root) === mount;
  fileCalls().close(root);
  return same;
}
