import { Descent } from './descent.ts';
import { ELOOP, ENOTDIR } from './errno.ts';
import { fileCalls } from './file-calls.ts';
import { DT_DIR, DT_UNKNOWN, list, type Listing, nameText } from './listing.ts';

const SEEK_SET = 0;

/** What a walk does at the stations of a directory tree. Names are good until the call returns. */
export interface Visitor {
  /**
   * A directory has been listed, and nothing in it visited yet. The listing is rewound afterwards. With
   * `'only directories'` nothing else in it is visited.
   */
  listed?(fd: number, listing: Listing): 'all' | 'only directories';
  /** Tells whether to go on; asked before every entry. */
  goOn(): boolean;
  /** An entry that is listed as no directory; `'directory'` if it has turned out to be one. */
  file(dirfd: number, name: number, type: number): 'directory' | 'done';
  /** Whether to go into a subdirectory; `name` gives its name as text. */
  enters?(name: () => string): boolean;
  /** A subdirectory has been opened. */
  entered?(parent: number, name: number, fd: number): void;
  /** All that is in it has been visited. */
  leaving?(fd: number): void;
  /** It has been closed; `'again'` visits it once more. */
  left?(parent: number, name: number): 'again' | 'done';
  /** A directory cannot be opened or listed, and so is passed over, or throw. */
  failed(syscall: 'open' | 'getdents64', errno: number): void;
}

/** The present directory of a walk, and how far it has got in it. */
interface Frame {
  readonly listing: Listing;
  /** Whether the files have been visited, so that now it is the subdirectories' turn. */
  filesDone: boolean;
}

/**
 * Visits everything below an open directory: in each the files first, then the subdirectories one
 * by one, down to their end. Symbolic links are files. Not recursive, so no depth is too great.
 */
export class Walk {
  readonly #descent: Descent;
  readonly #visitor: Visitor;
  readonly #order: 'forward' | 'backward';
  readonly #frames: Frame[] = [];

  /** Prepares a walk; where something is mounted, it goes in or sees a failure with `EXDEV`. */
  constructor(
    root: number,
    mounts: 'enter' | 'refuse',
    visitor: Visitor,
    order: 'forward' | 'backward' = 'forward',
  ) {
    this.#order = order;
    this.#descent = new Descent(root, mounts);
    this.#visitor = visitor;
  }

  /** Walks to the end; `false` when the visitor did not want to go on. */
  run(): boolean {
    try {
      // The directory may have been listed through this descriptor before.
      fileCalls().lseek(this.#descent.fd, 0, SEEK_SET);
      this.#open();
      for (let frame; (frame = this.#frames.at(-1)) !== undefined;) {
        if (!frame.filesDone && !this.#visitFiles(frame)) return false;
        if (!this.#visitor.goOn()) return false;
        if (frame.listing.next()) this.#enter(frame.listing);
        else this.#leave();
      }
      return true;
    } finally {
      this.#descent.close();
    }
  }

  /** The path from the root to the present entry, for people. */
  get path(): string {
    return this.#frames.map(({ listing }) => nameText(listing.nameBytes)).join('/');
  }

  /** The name of the present entry, for people. */
  get name(): string {
    const frame = this.#frames.at(-1);
    return frame === undefined ? '' : nameText(frame.listing.nameBytes);
  }

  /** How many directories lead to the present entry, the root among them. */
  get depth(): number {
    return this.#frames.length;
  }

  /** The name, with its NUL, of the present entry of one of them: of the root's, for 0. */
  nameAt(depth: number): Uint8Array {
    return this.#frames[depth]!.listing.nameBytes;
  }

  #visitFiles(frame: Frame): boolean {
    const { listing } = frame;
    const { fd } = this.#descent;
    while (listing.next()) {
      if (listing.type === DT_DIR) continue;
      if (!this.#visitor.goOn()) return false;
      const found = this.#visitor.file(fd, listing.name, listing.type);
      if (found === 'directory') listing.type = DT_DIR;
    }
    listing.rewind();
    frame.filesDone = true;
    return true;
  }

  #enter(listing: Listing): void {
    if (listing.type !== DT_DIR) return;
    if (this.#visitor.enters?.(() => nameText(listing.nameBytes)) === false) return;
    const parent = this.#descent.fd;
    const errno = this.#descent.down(listing.name);
    // Somebody has put something else in its place since it was listed.
    if (errno === ENOTDIR || errno === ELOOP) {
      return void this.#visitor.file(parent, listing.name, DT_UNKNOWN);
    }
    if (errno !== 0) return this.#visitor.failed('open', errno);
    this.#visitor.entered?.(parent, listing.name, this.#descent.fd);
    this.#open();
  }

  #open(): void {
    const listing = list(this.#descent.fd, this.#order);
    if (typeof listing !== 'number') {
      const filesDone = this.#visitor.listed?.(this.#descent.fd, listing) === 'only directories';
      listing.rewind();
      this.#frames.push({ listing, filesDone });
    } else {
      this.#visitor.failed('getdents64', listing);
      this.#goUp();
    }
  }

  #leave(): void {
    this.#frames.pop();
    this.#visitor.leaving?.(this.#descent.fd);
    this.#goUp();
  }

  /** From a directory whose listing is no longer the uppermost frame. */
  #goUp(): void {
    const parent = this.#frames.at(-1);
    if (parent === undefined) return;
    const { name } = parent.listing;
    const errno = this.#descent.up();
    if (errno !== 0) throw new LostWay(errno);
    if (this.#visitor.left?.(this.#descent.fd, name) === 'again') this.#enter(parent.listing);
  }
}

/** A directory was moved while the walk was in it, and the way back is not the way that led in. */
export class LostWay extends Error {
  override readonly name = 'LostWay';
  /** Why, as an `errno`. */
  readonly errno: number;

  constructor(errno: number) {
    super(`the way back up has changed (errno ${errno})`);
    this.errno = errno;
  }
}
