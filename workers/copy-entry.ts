import { constants as flags } from 'node:fs';
import { constants } from 'node:os';
import { O_CLOEXEC } from '../src/linux/open-flags.ts';
import { fileCalls, type Name } from '../src/linux/file-calls.ts';
import { DT_DIR, DT_LNK, DT_REG, DT_UNKNOWN } from '../src/linux/listing.ts';
import { Status } from '../src/linux/status.ts';
import { CallFailed, check, checkErrno } from './call-failed.ts';
import { copyFile } from './copy-file.ts';
import { keepOwners } from './owners.ts';

const { EXDEV, EPERM, EMLINK, EEXIST, ENOTSUP, ENOSYS } = constants.errno;
const { O_CREAT, O_EXCL, O_WRONLY } = flags;
const AT_SYMLINK_NOFOLLOW = 0x100;
/**
 * Why a hard link is refused where a copy may be had: another filesystem, one without links, too
 * many of them, or a file of somebody else's (`protected_hardlinks`, proc_sys_fs(5)).
 */
const NO_LINK: readonly number[] = [EXDEV, EPERM, EMLINK, ENOTSUP, ENOSYS];

/** `'taken'`: there is another entry of that name; otherwise what kind was left out. */
export type CopiedEntry = 'copied' | 'directory' | 'taken' | { readonly leftOut: number };

/** Brings entries that are no directories from one directory into another. */
export class EntryCopier {
  readonly #calls = fileCalls();
  readonly #status = new Status();
  readonly #words: Int32Array;

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** Copies a regular file or a symbolic link; all else is left out. */
  copy(from: number, to: number, name: Name, listed: number): CopiedEntry {
    let type = listed;
    if (type === DT_UNKNOWN) {
      checkErrno(this.#status.at(from, name), 'statx');
      type = this.#status.type;
    }
    if (type === DT_DIR) return 'directory';
    if (type !== DT_REG && type !== DT_LNK) return { leftOut: type };
    // Both names are on one mount then, so a program has no more power by the new one.
    if (this.#calls.linkat(from, name, to, name, 0) !== -1) return 'copied';
    const errno = this.#calls.errno();
    if (errno === EEXIST) return 'taken';
    if (!NO_LINK.includes(errno)) throw new CallFailed('link', errno);
    if (type === DT_REG) copyFile(this.#words, from, to, name);
    else this.#copyLink(from, to, name);
    return 'copied';
  }

  /**
   * Makes a lock file like another one. A hard link would share its locks, so it is made anew, and empty: to
   * open the original would end the locks that this process has on it, where they are the process's.
   */
  makeRef(from: number, to: number, name: Name): CopiedEntry {
    checkErrno(this.#status.at(from, name), 'statx');
    const { type, times } = this.#status;
    // What a link leads to would be a hard link, too.
    if (type !== DT_REG && type !== DT_LNK) return this.copy(from, to, name, type);
    const ref = this.#calls.openat(to, name, O_CLOEXEC | O_CREAT | O_EXCL | O_WRONLY, 0o600);
    if (check(ref, 'open', EEXIST) === -1) return 'taken';
    try {
      keepOwners((uid, gid) => this.#calls.fchown(ref, uid, gid), 'fchown', this.#status);
      // As every `.ref` is made: the owner of the copy must be able to lock it, and others to share it.
      check(this.#calls.fchmod(ref, 0o644), 'fchmod');
      check(this.#calls.futimens(ref, times), 'futimens');
    } finally {
      this.#calls.close(ref);
    }
    return 'copied';
  }

  /** Whether there is a symbolic link of that name. */
  isLink(dirfd: number, name: Name): boolean {
    return this.#status.at(dirfd, name) === 0 && this.#status.type === DT_LNK;
  }

  #copyLink(from: number, to: number, name: Name): void {
    const target = new Uint8Array(4097);
    const size = check(this.#calls.readlinkat(from, name, target, 4096), 'readlink');
    target[size] = 0;
    check(this.#calls.symlinkat(target, to, name), 'symlink');
    checkErrno(this.#status.at(from, name), 'statx');
    const { times } = this.#status;
    keepOwners(
      (uid, gid) => this.#calls.fchownat(to, name, uid, gid, AT_SYMLINK_NOFOLLOW),
      'fchownat',
      this.#status,
    );
    check(this.#calls.utimensat(to, name, times, AT_SYMLINK_NOFOLLOW), 'utimensat', ENOTSUP);
  }
}
