/**
 * How a path that the caller names is followed: step by step, each from the directory that the step
 * before has opened, and only once. Whatever is done afterwards goes over the descriptor at its end.
 *
 * A symbolic link on the way, or at the end, is followed if one of these made it:
 *
 * - the superuser, or the caller (as for `fs.protected_symlinks`, proc_sys_fs(5));
 * - the owner of what it leads to, who could have put that there without a link.
 *
 * So a user who can put links into a path that somebody else names leads nobody to the files of a
 * third user. `EACCES` tells of a link that is not followed.
 */

import { ELOOP, ENOENT, ENOTDIR } from '../linux/errno.ts';
import { fileCalls, toName } from '../linux/file-calls.ts';
import { DT_LNK } from '../linux/listing.ts';
import { closeFd } from '../linux/open.ts';
import {
  isOnProc,
  linkText,
  openItself,
  openStart,
  openStep,
  openThrough,
  openUp,
  openWithoutLinks,
} from '../linux/path-steps.ts';
import { Status } from '../linux/status.ts';
import { LockError, systemError } from '../lock/lock-error.ts';
import { quote } from '../lock/printable.ts';

/** The end of a path, or the last directory on it that there is. */
export interface Followed {
  /** An `O_PATH` descriptor of it. */
  readonly fd: number;
  /** The names behind it, each with its NUL, of which the first does not exist. */
  readonly missing: readonly Uint8Array[];
}

/** As many links as the kernel follows (path_resolution(7)). */
const MAX_LINKS = 40;
const SLASH = 47;

/**
 * Opens the directory at a path.
 *
 * @throws {LockError} when it cannot be followed; the message begins with `action`.
 */
export function followPath(path: string, action: string): number {
  const quick = openWithoutLinks(path);
  if (quick >= 0) return quick;
  const { fd, missing } = new Way(path, action).follow();
  if (missing.length === 0) return fd;
  closeFd(fd);
  throw systemError(action, path, 'open', ENOENT);
}

/** The same as far as there are directories. */
export function followExisting(path: string, action: string): Followed {
  return new Way(path, action).follow();
}

/** Follows one path by hand. */
class Way {
  readonly #path: string;
  readonly #action: string;
  readonly #status = new Status();
  #links = 0;

  constructor(path: string, action: string) {
    this.#path = path;
    this.#action = action;
  }

  follow(): Followed {
    if (this.#path === '') throw this.#error(ENOENT);
    const found = this.#walk(openStart(this.#path), toName(this.#path).slice(0, -1));
    // What does not exist cannot be left by "..": mkdir(2) would not either.
    if (!found.missing.some(isUp)) return found;
    closeFd(found.fd);
    throw this.#error(ENOENT);
  }

  /** Follows a text from an open directory, which this closes. */
  #walk(start: number, text: Uint8Array): Followed {
    if (start < 0) throw this.#error(-start);
    const names = split(text);
    let at = start;
    for (const [index, name] of names.entries()) {
      let next: number;
      try {
        next = this.#step(at, name);
      } catch (error) {
        closeFd(at);
        throw error;
      }
      if (next === -ENOENT) return { fd: at, missing: names.slice(index) };
      closeFd(at);
      if (next < 0) throw this.#error(-next);
      at = next;
    }
    return { fd: at, missing: [] };
  }

  #step(at: number, name: Uint8Array): number {
    if (isUp(name)) return openUp(at);
    const directory = openStep(at, name);
    if (directory !== -ENOTDIR) return directory;
    const link = openItself(at, name);
    if (link < 0) return link;
    try {
      const errno = this.#status.of(link);
      if (errno !== 0) return -errno;
      if (this.#status.type !== DT_LNK) return -ENOTDIR;
      if (++this.#links > MAX_LINKS) return -ELOOP;
      return this.#through(at, name, link, this.#status.uid);
    } finally {
      closeFd(link);
    }
  }

  /** Gives where a link leads, if it may be followed. */
  #through(at: number, name: Uint8Array, link: number, owner: number): number {
    const text = linkText(link);
    if (text === undefined) return -ENOTDIR;
    const end = isOnProc(link) ? openThrough(at, name) : this.#behind(at, text);
    if (end < 0 || owner === 0 || owner === fileCalls().geteuid()) return end;
    const errno = this.#status.of(end);
    if (errno === 0 && this.#status.uid === owner) return end;
    closeFd(end);
    throw notFollowed(this.#action, this.#path, owner, this.#status.uid);
  }

  #behind(at: number, text: Uint8Array): number {
    const start = text[0] === SLASH ? openStart('/') : openStep(at, toName('.'));
    const { fd, missing } = this.#walk(start, text);
    if (missing.length === 0) return fd;
    closeFd(fd);
    // A link that leads nowhere does not have the rest made, as with `mkdir -p`.
    throw this.#error(ENOENT);
  }

  #error(errno: number): LockError {
    return systemError(this.#action, this.#path, 'open', errno);
  }
}

function notFollowed(action: string, path: string, owner: number, target: number): LockError {
  const why =
    `${quote(path)} leads through a symbolic link of uid ${owner} to a directory of uid ` +
    `${target}, and only a link of root, of yours, or of that uid is followed`;
  return new LockError(`${action}: ${why}`, { code: 'EACCES', path });
}

/** The names of a path, each with its NUL; `.` and doubled slashes stand for nothing. */
function split(text: Uint8Array): Uint8Array[] {
  const names: Uint8Array[] = [];
  for (let start = 0; start < text.length;) {
    const slash = text.indexOf(SLASH, start);
    const end = slash === -1 ? text.length : slash;
    const name = new Uint8Array(end - start + 1);
    name.set(text.subarray(start, end));
    if (end > start && !isHere(name)) names.push(name);
    start = end + 1;
  }
  return names;
}

const DOT = 46;

function isHere(name: Uint8Array): boolean {
  return name.length === 2 && name[0] === DOT;
}

function isUp(name: Uint8Array): boolean {
  return name.length === 3 && name[0] === DOT && name[1] === DOT;
}
