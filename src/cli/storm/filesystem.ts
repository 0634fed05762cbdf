import { readFileSync, realpathSync } from 'node:fs';
import { relative } from 'node:path';

/** The name of the filesystem that a path is on, such as `ext4`, by /proc/self/mountinfo. */
export function filesystemOf(path: string): string {
  let best = { name: 'an unknown filesystem', length: 0 };
  try {
    const real = realpathSync(path);
    for (const line of readFileSync('/proc/self/mountinfo', 'utf8').split('\n')) {
      // 36 35 98:0 /root /mount/point options … - type source options (proc_pid_mountinfo(5))
      const [place, type] = line.split(' - ');
      const point = place!.split(' ')[4]?.replace(
        /\\([0-7]{3})/g,
        (_, octal) => String.fromCharCode(parseInt(octal, 8)),
      );
      if (point === undefined || relative(point, real).startsWith('..')) continue;
      // The last of several mounts on one point is on top.
      if (point.length >= best.length) best = { name: type!.split(' ')[0]!, length: point.length };
    }
  } catch {
    // Deno shows it only to programs with all permissions.
  }
  return best.name;
}
