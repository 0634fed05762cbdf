/** Making a lock file where there is none, in a directory that others may write to. */

import { constants } from 'node:fs';
import { openDirectoryBeneath } from './directory.ts';
import { EACCES, EEXIST, ELOOP, EXDEV } from './errno.ts';
import { fileCalls, toName } from './file-calls.ts';
import { nameText } from './listing.ts';
import { openat as openName } from './openat.ts';
import { O_CLOEXEC, O_PATH } from './open-flags.ts';
import { Status } from './status.ts';

/** What a lock file is made with, less the umask. */
const MODE = 0o644;
/** The file by which everybody locks a runtime. */
const REF = '.ref';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW } = constants;
const PLACE = O_CLOEXEC | O_PATH | O_DIRECTORY;
/** How many links the kernel follows, too (path_resolution(7)). */
const LINKS = 40;
const SYMBOLIC_LINK = 0o12;
/** The permissions of a directory like /tmp: all may write, and each may delete only his own. */
const STICKY = 0o1002;
/** The longest path that the kernel takes, with its NUL. */
const PATH_MAX = 4096;

type OpenPlace = (path: string) => number;

/**
 * Makes a file that was not there a moment ago, and never opens another one: for what somebody else
 * has made in a sticky directory, `O_CREAT` is `EACCES` (proc(5), `fs.protected_regular`). Where a
 * symbolic link leads to nothing, the file is made at its end; with `beneath` that end must be below
 * the directory of the link. Gives a descriptor or -errno; `EEXIST` means that there is a file now.
 *
 * A `.ref` is for all who use the runtime, so everybody may read it, whatever the umask. In somebody
 * else's directory it goes to the owner of the directory, if the caller may give files away.
 */
export function createFile(dirfd: number, path: string, flags: number, beneath: boolean): number {
  const isRef = split(path)[1] === REF;
  if (!beneath) return make(path, flags, isRef, (place) => openat(dirfd, place, PLACE));
  const [place, name] = split(path);
  const root = openat(dirfd, place, PLACE);
  if (root < 0) return root;
  const fd = make(name, flags, isRef, (place) => openPlaceBeneath(root, place));
  fileCalls().close(root);
  return fd;
}

function make(
  path: string,
  flags: number,
  isRef: boolean,
  openPlace: OpenPlace,
  links = 0,
): number {
  const [place, name] = split(path);
  const directory = openPlace(place);
  if (directory < 0) return directory;
  const fd = openat(directory, name, flags | O_CREAT | O_EXCL, MODE);
  if (fd >= 0 && isRef) share(fd, directory);
  const target = fd === -EEXIST ? targetOf(directory, name) : fd;
  fileCalls().close(directory);
  if (typeof target === 'number') return target;
  if (links === LINKS) return -ELOOP;
  const next = target.startsWith('/') ? target : `${place}/${target}`;
  return make(next, flags, isRef, openPlace, links + 1);
}

/**
 * Gives a new file the mode and the owner that it is to have. A process that is killed in between
 * leaves one that only its owner can use; a file that gets its name last (`O_TMPFILE`) would have to
 * be opened anew, and not all filesystems have that.
 */
function share(fd: number, directory: number): void {
  const calls = fileCalls();
  calls.fchmod(fd, MODE);
  const [file, place] = [new Status(), new Status()];
  if (file.of(fd) !== 0 || place.of(directory) !== 0 || file.uid === place.uid) return;
  // Refused to all but the superuser, and then the file stays the caller's.
  calls.fchown(fd, place.uid, place.gid);
}

/** Where a link leads, or -errno: `EEXIST` for what is no link, or is gone by now. */
function targetOf(directory: number, name: string): string | number {
  const link = openat(directory, name, O_CLOEXEC | O_PATH | O_NOFOLLOW);
  if (link < 0) return -EEXIST;
  const bytes = new Uint8Array(PATH_MAX);
  const isLink = isTrusted(link, directory);
  const length = isLink ? fileCalls().readlinkat(link, toName(''), bytes, PATH_MAX) : -1;
  fileCalls().close(link);
  if (isLink === false) return -EACCES;
  return length === -1 ? -EEXIST : nameText(bytes.subarray(0, length));
}

/**
 * Whether a link may be followed, or `undefined` if it is none. In a sticky directory anybody can
 * make one, and the kernel does not follow it for others (proc(5), `fs.protected_symlinks`).
 */
function isTrusted(link: number, directory: number): boolean | undefined {
  const [file, place] = [new Status(), new Status()];
  if (file.of(link) !== 0 || file.type !== SYMBOLIC_LINK) return undefined;
  if (place.of(directory) !== 0) return false;
  return (place.permissions & STICKY) !== STICKY || file.uid === place.uid;
}

/** Opens a directory of which each part is below the one before, by links as well. */
function openPlaceBeneath(root: number, path: string): number {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..')) return -EXDEV;
  let directory = openat(root, '.', PLACE);
  for (const part of parts) {
    if (directory < 0) break;
    const next = openDirectoryBeneath(directory, part, 'enter');
    fileCalls().close(directory);
    directory = next;
  }
  return directory;
}

/** The directory and the name in it, which is `''` behind a slash at the end. */
function split(path: string): [place: string, name: string] {
  const slash = path.lastIndexOf('/');
  const place = slash === -1 ? '.' : path.slice(0, slash) || '/';
  return [place, path.slice(slash + 1)];
}

function openat(dirfd: number, path: string, flags: number, mode = 0): number {
  return openName(dirfd, toName(path), flags, mode);
}
