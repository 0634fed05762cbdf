/**
 * Which file a descriptor or a path means: device and inode by statx(2).
 *
 * statx and not fstat, because its result has one layout on every architecture.
 */

import type { Address } from './calls.ts';
import { lookBeneath } from './directory.ts';
import { libc } from './libc.ts';

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
const STATX_TYPE = 0x001;
const STATX_INO = 0x100;

// Offsets in 32-bit words within struct statx.
const WORDS = 64;
const INO_LOW = 32 / 4;
const INO_HIGH = 36 / 4;
const DEV_MAJOR = 136 / 4;
const DEV_MINOR = 140 / 4;

/** What kind of file it is, in the words of an error message. */
export type FileKind =
  | 'regular file'
  | 'directory'
  | 'FIFO'
  | 'character device'
  | 'block device'
  | 'socket'
  | 'file of unknown type';

const kinds: Record<number, FileKind> = {
  0o01: 'FIFO',
  0o02: 'character device',
  0o04: 'directory',
  0o06: 'block device',
  0o10: 'regular file',
  0o14: 'socket',
};

// One result for the descriptor and one for the path: the comparison needs both at once.
const opened = new Uint32Array(WORDS);
const named = new Uint32Array(WORDS);
// stx_mode, 16 bits wide, at offset 28.
const openedMode = new Uint16Array(opened.buffer, 28, 1);
const openedInode = new BigUint64Array(opened.buffer, 4 * INO_LOW, 1);
const namedInode = new BigUint64Array(named.buffer, 4 * INO_LOW, 1);
let openedAt: Address = 0;
let namedAt: Address = 0;

/** Reads what the descriptor is, for {@linkcode fileKind} and {@linkcode isStillAt}; 0 or -1. */
export function identify(fd: number): number {
  const calls = libc();
  openedAt ||= calls.address(opened.buffer);
  return calls.statx(fd, '', AT_EMPTY_PATH, STATX_TYPE | STATX_INO, openedAt);
}

/** Device and inode of the file that {@linkcode identify} read last, as `Status.identity` has them. */
export function identity(): string {
  return identityIn(opened, openedInode);
}

/** The kind of file that {@linkcode identify} read last. */
export function fileKind(): FileKind {
  return kindOfType(openedMode[0]! >> 12);
}

/** The kind of file by the type bits of its mode, or by `d_type`, which is the same. */
export function kindOfType(type: number): FileKind {
  return kinds[type] ?? 'file of unknown type';
}

/**
 * Tells whether the path leads to the file that {@linkcode identify} read last, `beneath` in the
 * way of `openBeneath()`. A path that cannot be followed any more leads nowhere, so then it is no.
 */
export function isStillAt(dirfd: number, path: string, beneath = false): boolean {
  return leadsTo(dirfd, path, beneath, isOpened);
}

/** The same for a file that was identified earlier; `file` is its {@linkcode identity}. */
export function isFileAt(file: string, dirfd: number, path: string, beneath: boolean): boolean {
  return leadsTo(dirfd, path, beneath, () => identityIn(named, namedInode) === file);
}

function leadsTo(dirfd: number, path: string, beneath: boolean, isIt: () => boolean): boolean {
  if (!beneath) return look(dirfd, path, 0) && isIt();
  // What is no link cannot lead out, and needs no descriptor, of which there may be no more.
  if (look(dirfd, path, AT_SYMLINK_NOFOLLOW) && isIt()) return true;
  const fd = lookBeneath(dirfd, path);
  if (fd < 0) return false;
  const same = look(fd, '', AT_EMPTY_PATH) && isIt();
  libc().close(fd);
  return same;
}

function look(dirfd: number, path: string, flags: number): boolean {
  const calls = libc();
  namedAt ||= calls.address(named.buffer);
  return calls.statx(dirfd, path, flags, STATX_TYPE | STATX_INO, namedAt) !== -1;
}

function isOpened(): boolean {
  return opened[INO_LOW] === named[INO_LOW] && opened[INO_HIGH] === named[INO_HIGH] &&
    opened[DEV_MAJOR] === named[DEV_MAJOR] && opened[DEV_MINOR] === named[DEV_MINOR];
}

function identityIn(words: Uint32Array, inode: BigUint64Array): string {
  return `${words[DEV_MAJOR]}:${words[DEV_MINOR]}:${inode[0]}`;
}
