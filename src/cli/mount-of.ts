import { readFileSync, realpathSync } from 'node:fs';
import { textOf } from '../linux/byte-text.ts';

/** A mounted filesystem. */
export interface Mount {
  /** Such as `ext4`, or `fuse.sshfs`. */
  readonly type: string;
  /** The directory on which it is mounted. */
  readonly point: string;
  /** Those of the mount, and those of the filesystem. */
  readonly options: readonly string[];
}

/** The filesystem that a path is on, by /proc/self/mountinfo; `undefined` where that is not shown. */
export function mountOf(path: string): Mount | undefined {
  try {
    return mountAt(textOf(readFileSync('/proc/self/mountinfo')), realpathSync(path));
  } catch {
    // Deno shows it only to programs with all permissions.
    return undefined;
  }
}

/** The same by the text of a mountinfo; `path` is absolute, without symbolic links. */
export function mountAt(mountinfo: string, path: string): Mount | undefined {
  let best: Mount | undefined;
  for (const line of mountinfo.split('\n')) {
    // 36 35 98:0 /root /mount/point options … - type source options (proc_pid_mountinfo(5))
    const [place, filesystem] = line.split(' - ');
    if (place === undefined || filesystem === undefined) continue;
    const [, , , , point, options] = place.split(' ').map(unescape);
    const [type, , ownOptions] = filesystem.split(' ').map(unescape);
    if (!point || !type || !isWithin(path, point)) continue;
    // The last of several mounts on one point is on top.
    if (best !== undefined && point.length < best.point.length) continue;
    best = { type, point, options: `${options},${ownOptions ?? ''}`.split(',') };
  }
  return best;
}

function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

/** Spaces and the like are written in octal. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
