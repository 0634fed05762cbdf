import { readProc } from './proc.ts';

/** The paths at which something is mounted, for this process (proc_pid_mountinfo(5)). */
export function mountPoints(): string[] {
  // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
  return readProc('self/mountinfo').split('\n').flatMap((line) => {
    const point = line.split(' ')[4];
    return point === undefined ? [] : [unescaped(point)];
  });
}

/** Blanks, tabs, newlines and backslashes stand there as `\040` and so on. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
