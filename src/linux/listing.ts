/** What is in a directory, by getdents64(2): names as bytes, at addresses for further calls. */

import { textOf } from './byte-text.ts';
import { fileCalls } from './file-calls.ts';

/** Values of `d_type`. */
export const DT_UNKNOWN = 0;
export const DT_DIR = 4;
export const DT_REG = 8;
export const DT_LNK = 10;

// Offsets within struct linux_dirent64.
const RECLEN = 16;
const TYPE = 18;
const NAME = 19;

const DOT = 46;
/** Whether numbers begin with their lowest byte, as everywhere but on s390x. */
const LITTLE = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** How much is read at a time, in bytes. */
const PAGE = 65_536;
let page: { bytes: Uint8Array; address: number } | undefined;

/** The entries of one directory, without `.` and `..`, in the kernel's order or its reverse. */
export class Listing {
  readonly #bytes: Uint8Array;
  readonly #address: number;
  /** Where each entry begins. */
  readonly #offsets: number[] = [];
  #index = -1;

  constructor(bytes: Uint8Array, order: 'forward' | 'backward') {
    this.#bytes = bytes;
    this.#address = bytes.length === 0 ? 0 : fileCalls().address(bytes.buffer as ArrayBuffer);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.length; at += view.getUint16(at + RECLEN, LITTLE)) {
      if (!this.#isDots(at)) this.#offsets.push(at);
    }
    if (order === 'backward') this.#offsets.reverse();
  }

  /** How many entries there are. */
  get length(): number {
    return this.#offsets.length;
  }

  /** Goes on to the next entry, at the beginning to the first; `false` when there is none. */
  next(): boolean {
    return ++this.#index < this.#offsets.length;
  }

  /** Starts again before the first entry. */
  rewind(): void {
    this.#index = -1;
  }

  get #at(): number {
    return this.#offsets[this.#index]!;
  }

  /** What the present entry is, by `d_type`. */
  get type(): number {
    return this.#bytes[this.#at + TYPE]!;
  }

  /** Corrects what the present entry is. */
  set type(type: number) {
    this.#bytes[this.#at + TYPE] = type;
  }

  /** The address of the present entry's name, good as long as this listing is referred to. */
  get name(): number {
    return this.#address + this.#at + NAME;
  }

  /** The present entry's name as text, as {@linkcode nameText} gives it. */
  get text(): string {
    const start = this.#at + NAME;
    return nameText(this.#bytes.subarray(start, this.#bytes.indexOf(0, start)));
  }

  /** The present entry's name as bytes, with its NUL. */
  get nameBytes(): Uint8Array {
    const start = this.#at + NAME;
    return this.#bytes.slice(start, this.#bytes.indexOf(0, start) + 1);
  }

  /** Which of these names there are, each with its NUL: a bit for each, the lowest for the first. */
  which(names: readonly Uint8Array[]): number {
    const bytes = this.#bytes;
    let found = 0;
    // Asked of every entry of a tree, so without a function that is called for each.
    for (const offset of this.#offsets) {
      const start = offset + NAME;
      for (let index = 0; index < names.length; index++) {
        const name = names[index]!;
        let at = 0;
        while (at < name.length && bytes[start + at] === name[at]) at++;
        if (at === name.length) found |= 1 << index;
      }
    }
    return found;
  }

  /** Whether the filesystem has said of each entry what it is. */
  get isTyped(): boolean {
    return this.#offsets.every((offset) => this.#bytes[offset + TYPE] !== DT_UNKNOWN);
  }

  #isDots(entry: number): boolean {
    const bytes = this.#bytes;
    const at = entry + NAME;
    if (bytes[at] !== DOT) return false;
    return bytes[at + 1] === 0 || (bytes[at + 1] === DOT && bytes[at + 2] === 0);
  }
}

/** Reads the rest of an open directory; gives `errno` on failure. */
export function list(
  fd: number,
  order: 'forward' | 'backward' = 'forward',
): Listing | number {
  const pages: Uint8Array[] = [];
  let size = 0;
  for (let read; (read = readPage(fd)) !== undefined;) {
    if (typeof read === 'number') return read;
    pages.push(read);
    size += read.length;
  }
  if (pages.length === 1) return new Listing(pages[0]!, order);
  const all = new Uint8Array(size);
  let at = 0;
  for (const one of pages) {
    all.set(one, at);
    at += one.length;
  }
  return new Listing(all, order);
}

/** The same a page at a time, for a directory of any size; the last one is `errno` on failure. */
export function* listInPages(fd: number): Generator<Listing | number> {
  for (let read; (read = readPage(fd)) !== undefined;) {
    yield typeof read === 'number' ? read : new Listing(read, 'forward');
    if (typeof read === 'number') return;
  }
}

/** Reads some entries; `undefined` at the end, and `errno` on failure. */
function readPage(fd: number): Uint8Array | number | undefined {
  const calls = fileCalls();
  if (page === undefined) {
    const bytes = new Uint8Array(PAGE);
    page = { bytes, address: calls.address(bytes.buffer) };
  }
  const size = calls.getdents64(fd, page.address, PAGE);
  if (size === -1) return calls.errno();
  return size === 0 ? undefined : page.bytes.slice(0, size);
}

/** Gives a name, with or without its NUL, as text. */
export function nameText(name: Uint8Array): string {
  const end = name.indexOf(0);
  return textOf(end === -1 ? name : name.subarray(0, end));
}
