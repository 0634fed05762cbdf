/** Extended attributes and access control lists, by the programs that Debian has for them. */

import { execFileSync, spawnSync } from 'node:child_process';

/** `cap_net_bind_service=ep`, as a `struct vfs_cap_data` of version 2. */
export const BIND_SERVICE = '0x0100000200040000000000000000000000000000';

/** Sets an extended attribute. */
export function setAttribute(path: string, name: string, value: string): void {
  execFileSync('setfattr', ['-n', name, '-v', value, path]);
}

/** The value of an extended attribute in hexadecimal digits, `undefined` where there is none. */
export function attributeOf(path: string, name: string): string | undefined {
  const { stdout } = spawnSync('getfattr', ['--absolute-names', '-e', 'hex', '-n', name, path], {
    encoding: 'utf8',
  });
  return stdout.match(/=(0x[0-9a-f]*)$/m)?.[1];
}

/** Changes access control lists, with the arguments of setfacl(1). */
export function setList(path: string, ...changes: readonly string[]): void {
  execFileSync('setfacl', [...changes, path]);
}

/** What the access control lists say, or the mode where there are none: as getfacl(1) tells it. */
export function listOf(path: string): string {
  const args = ['--access', '--default', '--numeric', '--absolute-names', '--omit-header', path];
  return execFileSync('getfacl', args, { encoding: 'utf8' }).replace(/\t#.*$/gm, '').trim()
    .replaceAll('\n', ' ');
}
