import { readFileSync, realpathSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { arch, availableParallelism, cpus, loadavg, release } from 'node:os';
import process from 'node:process';
import { packageVersions } from './peers/package.ts';
import { root } from './place.ts';

/** Where figures come from; without it they mean nothing to anybody else. */
export interface Environment {
  date: string;
  kernel: string;
  architecture: string;
  cpu: string;
  cores: number;
  /** Type of the filesystem with the locked files, such as `ext4`. */
  filesystem: string;
  /** Over the last 1, 5 and 15 minutes, before the run. */
  loadAverage: number[];
  /** Of reflock, and of the packages and programs beside which it is measured, as far as they are there. */
  versions: Record<string, string>;
}

/** Describes this machine, and the filesystem of a directory. */
export function environment(dir: string): Environment {
  return {
    date: new Date().toISOString(),
    kernel: release(),
    architecture: arch(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    filesystem: filesystemType(readFileSync('/proc/self/mountinfo', 'utf8'), realpathSync(dir)),
    loadAverage: loadavg(),
    versions: { reflock: ownVersion(), ...packageVersions(), ...programVersions() },
  };
}

function ownVersion(): string {
  return JSON.parse(readFileSync(`${root}package.json`, 'utf8')).version;
}

/** Asks the programs beside which reflock is measured for their versions. */
function programVersions(): Record<string, string> {
  return Object.fromEntries(
    [process.env.CC ?? 'cc', 'bwrap', 'flock', 'cp'].flatMap((program) => {
      const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
      // As a rule the version is the last word of the first line: cc (Debian 12.2.0-14) 12.2.0.
      const version = /[\d.]+$/.exec(stdout?.split('\n', 1)[0] ?? '')?.[0];
      return version === undefined ? [] : [[program, version]];
    }),
  );
}

/** Finds the type of the filesystem that a path is on in the text of `/proc/self/mountinfo`. */
export function filesystemType(mountinfo: string, path: string): string {
  let found = { point: '', type: 'unknown' };
  for (const line of mountinfo.trimEnd().split('\n')) {
    // 36 35 98:0 /root /point rw,noatime shared:1 - ext3 /dev/root rw (proc_pid_mountinfo(5))
    const [left = '', right = ''] = line.split(' - ');
    const point = unescape(left.split(' ')[4] ?? '');
    const inside = path === point || path.startsWith(point.endsWith('/') ? point : `${point}/`);
    // Of mounts on the same point the last one is on top.
    if (inside && point.length >= found.point.length) {
      found = { point, type: right.split(' ')[0] ?? 'unknown' };
    }
  }
  return found.type;
}

/** The kernel writes blanks and backslashes in octal. */
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
