import { isAbsolute, resolve } from 'node:path';
import { openDirectoryBeneath, openUnmounted, reopenDirectory } from '../linux/directory.ts';
import { EBUSY, ELOOP, ENOENT, ENOTDIR, EXDEV } from '../linux/errno.ts';
import { type Name, toName } from '../linux/file-calls.ts';
import { DT_LNK, list } from '../linux/listing.ts';
import { closeFd, pathOf } from '../linux/open.ts';
import { openUp, openUpWithinMount } from '../linux/path-steps.ts';
import { Status } from '../linux/status.ts';
import { LockError, systemError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';
import { followPath } from './follow-path.ts';

/** An entry of an open directory, which is a directory itself. */
export interface Entry {
  readonly parent: Place;
  /** Its name there, with a NUL. */
  readonly name: Uint8Array;
  readonly tree: Place;
}

/** What an open answers when there is no such directory. */
export const GONE: readonly number[] = [ENOENT, ENOTDIR, ELOOP];
const STICKY = 0o1000;
const OTHERS_WRITE = 0o002;

/**
 * An open directory, which stays the same one whatever its path leads to by now. All that is done to
 * a runtime is done from one: a path is followed once, here, and serves for messages afterwards. So
 * nobody who renames directories or puts links in their place can exchange what was looked at.
 */
export class Place {
  /** For messages. */
  readonly path: string;
  readonly fd: number;
  /** Device and inode. */
  readonly identity: string;
  /** Who owns it. */
  readonly uid: number;
  /** Whether everybody may put entries into it, and nobody may move those of others (`/tmp`). */
  readonly isShared: boolean;
  /** Whether only the owner of an entry, and its own, may move the entry. */
  readonly isSticky: boolean;
  /** Whether the filesystem forbids to change it, by its attributes (chattr(1)). */
  readonly isFixed: boolean;

  /** Takes over a descriptor. */
  constructor(path: string, fd: number) {
    this.path = path;
    this.fd = fd;
    const status = new Status();
    status.of(fd);
    this.identity = status.identity;
    this.uid = status.uid;
    this.isFixed = status.fixed;
    this.isSticky = (status.permissions & STICKY) !== 0;
    this.isShared = this.isSticky && (status.permissions & OTHERS_WRITE) !== 0;
  }

  /**
   * Opens the directory at a path that the caller names, through links that may be followed; only to
   * look for what is in it.
   *
   * @throws {LockError} when it cannot be followed; the message begins with `action`.
   */
  static at(path: string, action: string): Place {
    return new Place(path, followPath(path, action));
  }

  /**
   * Opens the directory at a path, and the one in which it lies, for changes: its last name must not
   * be a symbolic link. `undefined` for the root directory, which lies in no other.
   *
   * @throws {LockError} `ENOTDIR` for a symbolic link; `EBUSY` when something is mounted there.
   */
  static entry(path: string, action: string): Entry | undefined {
    const [, before, last] = /^(.*?)([^/]*)\/*$/s.exec(path)!;
    if (last === '' || last === '.' || last === '..') {
      return entryOf(Place.at(path, action), action);
    }
    const parent = Place.at(before || '.', action);
    try {
      const name = toName(last!);
      refuseLink(parent, name, path, action);
      return { parent, name, tree: parent.open(last!, name, action) };
    } catch (error) {
      parent.close();
      throw error;
    }
  }

  /**
   * Opens a directory in this one: no symbolic link, and nothing that is mounted there.
   *
   * @throws {LockError} `ENOENT`; `ENOTDIR` or `ELOOP` when it is no directory; `EBUSY` for a mount.
   */
  open(name: string, bytes: Name = toName(name), action?: string): Place {
    const path = below(this.path, name);
    const fd = openUnmounted(this.fd, bytes);
    if (fd >= 0) return new Place(path, fd);
    throw cannotOpen(action ?? `Cannot open ${quote(path)}`, path, -fd);
  }

  /** The same; `undefined` when it has been deleted, or replaced by something else. */
  openIfThere(name: string, bytes: Name): Place | undefined {
    try {
      return this.open(name, bytes);
    } catch (error) {
      const gone = error instanceof LockError && GONE.includes(-(error.errno ?? 0));
      if (gone) return undefined;
      throw error;
    }
  }

  /**
   * Opens a directory in this one, or what a link there leads to below it; `undefined` when there is
   * none, and for a link that leads out: what lies there is not a part of this tree. What is mounted
   * there is entered, or is `EBUSY`.
   */
  openBeneath(name: string, mounts: 'enter' | 'refuse'): Place | undefined {
    const path = below(this.path, name);
    const fd = openDirectoryBeneath(this.fd, name, mounts);
    if (fd >= 0) return new Place(path, fd);
    if (GONE.includes(-fd)) return undefined;
    if (fd !== -EXDEV) throw systemError(`Cannot open ${quote(path)}`, path, 'open', -fd);
    if (mounts === 'enter') return undefined;
    // The kernel says the same of a link that leads out.
    const entered = openDirectoryBeneath(this.fd, name, 'enter');
    if (entered < 0) return undefined;
    closeFd(entered);
    throw mountedAt(`Cannot open ${quote(path)}`, path);
  }

  /** Whether a name in this directory is that of an open directory. */
  has(name: Name, { identity }: Place): boolean {
    const status = new Status();
    return status.at(this.fd, name) === 0 && status.identity === identity;
  }

  /** Opens it for reading; `path` is for messages. */
  readable(path = this.path): Place {
    const fd = reopenDirectory(this.fd);
    if (fd >= 0) return new Place(path, fd);
    throw systemError(`Cannot open ${quote(this.path)}`, this.path, 'open', -fd);
  }

  /** Opens the directory in which this one lies; `undefined` for the root directory. */
  up(): Place | undefined {
    return this.#above(openUp(this.fd));
  }

  /** The same; `undefined` also where this one is the top of what is mounted. */
  upWithinMount(): Place | undefined {
    const fd = openUpWithinMount(this.fd);
    return fd === -EXDEV ? undefined : this.#above(fd);
  }

  #above(fd: number): Place | undefined {
    if (fd < 0) {
      throw systemError(`Cannot open ${quote(`${this.path}/..`)}`, this.path, 'open', -fd);
    }
    const above = new Place(pathOf(fd) ?? `${this.path}/..`, fd);
    if (above.identity !== this.identity) return above;
    above.close();
    return undefined;
  }

  /** Whether a path leads here now. It is followed only to be compared. */
  isAt(path: string): boolean {
    try {
      const other = Place.at(path, '');
      other.close();
      return other.identity === this.identity;
    } catch (error) {
      if (error instanceof LockError) return false;
      throw error;
    }
  }

  /** An absolute path for people, and for programs that are told where it is. */
  get fullPath(): string {
    // The kernel's own words are better than the caller's, which may go through links; but they are
    // no path where something is mounted over it, or where this process cannot see it.
    const known = pathOf(this.fd);
    if (known !== undefined && isAbsolute(known) && this.isAt(known)) return known;
    return resolve(this.path);
  }

  /** Closes it. */
  close(): void {
    closeFd(this.fd);
  }
}

/** Opens for reading what is open to look at, and closes that. */
function open(place: Place): Place {
  try {
    return place.readable();
  } finally {
    place.close();
  }
}

/** Finds the directory in which a directory lies, and its name there. */
function entryOf(found: Place, action: string): Entry | undefined {
  let parent: Place | undefined;
  try {
    const above = found.upWithinMount();
    if (above === undefined) {
      if (isRoot(found)) return undefined;
      throw mountedAt(action, found.path);
    }
    parent = open(above);
    const name = nameIn(parent, found);
    if (name === undefined) throw systemError(action, found.path, 'open', ENOENT);
    const last = new TextDecoder().decode(name.subarray(0, -1));
    const tree = parent.open(last, name, action);
    if (tree.identity === found.identity) return { parent, name, tree };
    tree.close();
    throw systemError(action, found.path, 'open', ENOENT);
  } catch (error) {
    parent?.close();
    throw error;
  } finally {
    found.close();
  }
}

function isRoot(place: Place): boolean {
  const above = place.up();
  above?.close();
  return above === undefined;
}

function nameIn({ fd }: Place, { identity }: Place): Uint8Array | undefined {
  const listing = list(fd);
  const status = new Status();
  while (typeof listing !== 'number' && listing.next()) {
    if (status.at(fd, listing.name) === 0 && status.identity === identity) return listing.nameBytes;
  }
  return undefined;
}

function refuseLink(parent: Place, name: Uint8Array, path: string, action: string): void {
  const status = new Status();
  const errno = status.at(parent.fd, name);
  if (errno !== 0) throw systemError(action, path, 'statx', errno);
  if (status.type !== DT_LNK) return;
  throw new LockError(`${action}: it is a symbolic link, not the directory itself`, {
    code: 'ENOTDIR',
    path,
  });
}

function cannotOpen(action: string, path: string, errno: number): LockError {
  return errno === EXDEV ? mountedAt(action, path) : systemError(action, path, 'open', errno);
}

/** The error of a directory over which something is mounted. */
export function mountedAt(action: string, path: string): LockError {
  const message = `${action}: something is mounted at ${quote(path)}`;
  return new LockError(message, { code: 'EBUSY', errno: -EBUSY, syscall: 'open', path });
}

function below(path: string, name: string): string {
  return path.endsWith('/') ? path + name : `${path}/${name}`;
}
