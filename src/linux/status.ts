/** What statx(2) tells of a file: one layout on every architecture, unlike `struct stat`. */

import { fileCalls, type Name } from './file-calls.ts';

const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
/** What a network filesystem knows already is good enough. */
const AT_STATX_DONT_SYNC = 0x4000;
const STATX_BASIC_STATS = 0x7ff;
/** Bits of `stx_attributes`: the file cannot be deleted, or what is in the directory. */
const STATX_ATTR_IMMUTABLE = 0x10;
const STATX_ATTR_APPEND = 0x20;
const EMPTY: Name = new Uint8Array(1);

/** Memory for one file's status, to be read into again and again. */
export class Status {
  readonly #bytes = new Uint8Array(256);
  readonly #words = new Uint32Array(this.#bytes.buffer);
  readonly #longs = new BigInt64Array(this.#bytes.buffer);
  readonly #mode = new Uint16Array(this.#bytes.buffer, 28, 1);
  readonly #address = fileCalls().address(this.#bytes.buffer);
  #errno = 0;
  /** Two `struct timespec`, access and modification, as utimensat(2) wants them. */
  readonly #times = new BigInt64Array(4);

  /** Reads what an open descriptor is; gives 0 or `errno`. */
  of(fd: number): number {
    return this.#read(fd, EMPTY, AT_EMPTY_PATH);
  }

  /** Reads what lies at the name, a symbolic link itself; gives 0 or `errno`. */
  at(dirfd: number, name: Name): number {
    return this.#read(dirfd, name, AT_SYMLINK_NOFOLLOW);
  }

  /** Reads what the name leads to, through symbolic links; gives 0 or `errno`. */
  behind(dirfd: number, name: Name): number {
    return this.#read(dirfd, name, 0);
  }

  #read(dirfd: number, name: Name, flags: number): number {
    const calls = fileCalls();
    const mask = STATX_BASIC_STATS;
    const result = calls.statx(dirfd, name, flags | AT_STATX_DONT_SYNC, mask, this.#address);
    // Written after the call: whoever makes a Status for one look only must not lose its memory.
    this.#errno = result === -1 ? calls.errno() : 0;
    return this.#errno;
  }

  /** How many names it has. */
  get links(): number {
    return this.#words[4]!;
  }

  /** Who owns it. */
  get uid(): number {
    return this.#words[5]!;
  }

  /** Which group owns it. */
  get gid(): number {
    return this.#words[6]!;
  }

  /** Permissions, set-id bits and sticky bit. */
  get permissions(): number {
    return this.#mode[0]! & 0o7777;
  }

  /** Whether the filesystem forbids to delete it, by its attributes (chattr(1)). */
  get fixed(): boolean {
    return (this.#words[2]! & (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)) !== 0;
  }

  /** The type bits of the mode, shifted down: what `d_type` of a directory entry is, too. */
  get type(): number {
    return this.#mode[0]! >> 12;
  }

  /** Bytes on the disk. */
  get bytes(): number {
    return Number(this.#longs[6]) * 512;
  }

  /** Device and inode in one text, for comparisons and for sets. */
  get identity(): string {
    return `${this.#words[34]}:${this.#words[35]}:${this.#longs[4]}`;
  }

  /** Access and modification time, as `struct timespec[2]`. */
  get times(): Uint8Array {
    this.#times[0] = this.#longs[8]!;
    this.#times[1] = BigInt(this.#words[18]!);
    this.#times[2] = this.#longs[14]!;
    this.#times[3] = BigInt(this.#words[30]!);
    return new Uint8Array(this.#times.buffer);
  }
}
