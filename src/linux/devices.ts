import { placeOf } from './descriptor-info.ts';
import { readProc } from './proc.ts';

/** How much is read of a process's mounts, in bytes: it may have made a hundred thousand. */
const LIMIT = 1_000_000;

/** Finds the devices of mounts, which /proc/locks has for a file, and not always those of statx(2). */
export class Devices {
  /** By process, and then by the number of the mount. */
  readonly #all = new Map<number, ReadonlyMap<string, readonly [major: string, minor: string]>>();

  /** A file in the kernel's own spelling, if its mount can be found. */
  placeOf(pid: number, mount: string | undefined, inode: string | undefined): string | undefined {
    if (mount === undefined || inode === undefined) return undefined;
    const device = this.#of(pid).get(mount);
    return device && placeOf(...device, inode);
  }

  #of(pid: number): ReadonlyMap<string, readonly [string, string]> {
    let devices = this.#all.get(pid);
    if (devices === undefined) {
      // 36 35 98:0 /mnt1 …
      const lines = readProc(`${pid}/mountinfo`, LIMIT).matchAll(/^(\d+) \d+ (\d+):(\d+) /gm);
      devices = new Map(
        Array.from(lines, ([, mount, ...device]) => [mount!, [device[0]!, device[1]!]]),
      );
      this.#all.set(pid, devices);
    }
    return devices;
  }
}
