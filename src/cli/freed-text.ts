import prettyBytes from 'pretty-bytes';
import { counted } from './counted.ts';

/** What a deletion has freed, for people: `206 MB, 6768 inodes`. */
export function freedText(bytes: number, inodes: number): string {
  return `${prettyBytes(bytes)}, ${counted(inodes, 'inode')}`;
}
