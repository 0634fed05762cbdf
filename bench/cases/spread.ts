import { spawnSync } from 'node:child_process';
import process from 'node:process';

/**
 * Has ext4 put each directory that is made in this one in a place of the disk that depends on its
 * name. An ext4 without a journal goes past every inode nearby that was deleted within the last
 * minute before it makes another one; then `mkdir` would soon be all that is measured.
 */
export function spread(directory: string): void {
  spawnSync('chattr', ['+T', directory], { stdio: 'ignore' });
}

/** A name that was never used before. */
export function freshName(): string {
  return `tmp-${process.pid}-${++names}`;
}

let names = 0;
