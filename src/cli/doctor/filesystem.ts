import { plain } from '../../lock/printable.ts';
import type { Mount } from '../mount-of.ts';
import { failure, type Finding, ok, warning } from './finding.ts';

/** Filesystems whose files other machines, or another kernel, may see too; beside `fuse.*`. */
const SHARED = new Set([
  ...['nfs', 'nfs4', 'cifs', 'smb3', 'smbfs', '9p', 'virtiofs', 'vboxsf', 'ceph', 'glusterfs'],
  ...['lustre', 'gpfs', 'beegfs', 'afs', 'coda', 'orangefs', 'pvfs2', 'gfs2', 'ocfs2', 'fuse'],
]);

/** Mount options of those that keep record locks from the others. */
const KEPT_HERE = new Set([
  ...['nolock', 'local_lock=posix', 'local_lock=all', 'nobrl', 'localflock', 'localflocks'],
]);

/** Whether locks on a filesystem can do what they are for, as far as its kind tells. */
export function judgeFilesystem(mount: Mount | undefined): Finding {
  if (mount === undefined) {
    return warning(
      'its type cannot be found out',
      'look whether /proc is mounted; Deno shows it only with all permissions (deno run -A)',
    );
  }
  const { type, point, options } = mount;
  const where = `${type} on ${plain(point)}`;
  const note = options.includes('ro') ? ', mounted read-only' : '';
  if (!SHARED.has(type) && !type.startsWith('fuse.')) return ok(`${where}, local${note}`);
  const kept = options.find((option) => KEPT_HERE.has(option));
  if (kept !== undefined) {
    return failure(
      `${where} is mounted with ${kept}: other machines do not see the locks of this one${note}`,
      `mount it without ${kept}, or keep runtimes on a local filesystem`,
    );
  }
  return warning(
    `${where}: a try can take long when its server does not answer, holders cannot be named, ` +
      `and no other machine's closes are told by inotify${note}`,
    'try it under load from each machine with reflock storm --dir, or keep runtimes on a local ' +
      'filesystem',
  );
}
