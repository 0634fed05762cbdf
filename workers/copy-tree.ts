import { Descent } from '../src/linux/descent.ts';
import { openSubdirectory } from '../src/linux/directory.ts';
import { EEXIST, ELOOP, ENOENT } from '../src/linux/errno.ts';
import { fileCalls, type Name, toName } from '../src/linux/file-calls.ts';
import { DT_DIR, DT_LNK, DT_UNKNOWN, list, nameText } from '../src/linux/listing.ts';
import { Status } from '../src/linux/status.ts';
import { LostWay, Walk } from '../src/linux/walk.ts';
import { removeAccessLists } from './access-list.ts';
import { copyAttributes } from './attributes.ts';
import { CallFailed, check, checkErrno, Stopped } from './call-failed.ts';
import { EntryCopier } from './copy-entry.ts';
import { type CopyDone, type CopyTask, DONE, STOP } from './tree-task.ts';

const AT_SYMLINK_NOFOLLOW = 0x100;
const USR = toName('usr');
const UP = toName('..');
const REF = [toName('.ref')];
/** Directories that a whole root filesystem has in `usr` too, where they belong together. */
const MERGED = /^(s?bin|lib(?!exec).*)$/;
/** What a container expects at the top, wherever it really is. */
const TOP = /^(s?bin|etc|lib(?!exec).*|var)$/;

/**
 * Makes a mutable copy's tree: files are hard links where the filesystem allows it, and a merged
 * `/usr` as well as a whole root filesystem becomes one with `usr/`, in which `bin`, `lib*` and
 * `sbin` are merged. The target has a `.ref` of its own already, `usr/.ref` and a link to it; those of
 * the runtimes that lie in the source are made anew, since a hard link would share their locks.
 */
export function copyTree({ words, source, target, layout }: CopyTask): CopyDone {
  const copy = new Copy(words);
  let failed: CopyDone['failed'];
  let stopped = false;
  try {
    copy.run(source, target, layout);
  } catch (error) {
    if (error instanceof Stopped) stopped = true;
    else if (error instanceof CallFailed) {
      const { syscall, errno } = error;
      failed = { path: copy.path, syscall, errno };
    } else if (error instanceof LostWay) {
      failed = { path: copy.path, syscall: 'open', errno: error.errno };
    } else throw error;
  } finally {
    copy.close();
  }
  return { failed, stopped, entries: copy.entries, skipped: copy.skipped };
}

/** A directory of the source's top, and the one in the copy's `usr` that it went into. */
interface Merged {
  readonly text: string;
  readonly name: Uint8Array;
  readonly from: number;
  readonly to: number;
}

class Copy {
  readonly #calls = fileCalls();
  readonly #status = new Status();
  readonly #words: Int32Array;
  readonly #entries: EntryCopier;
  readonly #open: number[] = [];
  readonly skipped: { path: string; why: number | 'taken' }[] = [];
  /** What the copy has of the source. */
  entries = 0;
  /** Where the present walk has begun, below the source's root. */
  #prefix = '';
  #walk: Walk | undefined;
  /** Whether the directory whose files are being copied has a `.ref`. */
  #hasRef = false;
  /** The directory in which the copy is made. */
  #copies = '';

  constructor(words: Int32Array) {
    this.#words = words;
    this.#entries = new EntryCopier(words);
  }

  /** The source's entry at which the copy is. */
  get path(): string {
    return this.#prefix + (this.#walk?.path ?? '');
  }

  run(source: number, target: number, layout: 'usr' | 'root'): void {
    this.#copies = this.#identityAbove(target);
    const usr = this.#directory(target, USR);
    if (layout === 'usr') {
      this.#copy(source, usr, new Set());
      copyAttributes(source, usr);
      this.#linkTop(target, usr);
      this.#giveRef(usr);
      check(this.#calls.fchmod(target, 0o755), 'fchmod');
    } else {
      // Were it a link, the copy would have nothing in its own.
      const sourceUsr = this.#opened(source, USR);
      const merged = this.#mergeInto(source, usr);
      this.#copy(source, target, new Set(merged.map(({ text }) => text)));
      for (const { name, from, to } of merged) {
        // Otherwise it has those of the directory in `usr` by now.
        if (this.#status.at(sourceUsr, name) === ENOENT) copyAttributes(from, to);
      }
      this.#linkTop(target, usr);
      this.#giveRef(usr);
      copyAttributes(source, target);
    }
  }

  close(): void {
    for (const fd of this.#open) this.#calls.close(fd);
  }

  /** Gives the copy's lock file to whoever the copy belongs to, as far as that is allowed. */
  #giveRef(usr: number): void {
    checkErrno(this.#status.of(usr), 'statx');
    const { uid, gid } = this.#status;
    this.#calls.fchownat(usr, REF[0]!, uid, gid, AT_SYMLINK_NOFOLLOW);
  }

  #identityAbove(directory: number): string {
    const above = this.#opened(directory, UP);
    checkErrno(this.#status.of(above), 'statx');
    return this.#status.identity;
  }

  /** Makes the directory if it is missing, and opens it. */
  #directory(parent: number, name: Name): number {
    check(this.#calls.mkdirat(parent, name, 0o755), 'mkdir', EEXIST);
    return this.#opened(parent, name);
  }

  #opened(parent: number, name: Name): number {
    const fd = openSubdirectory(parent, name);
    if (fd < 0) throw new CallFailed('open', -fd);
    this.#open.push(fd);
    return fd;
  }

  /** Copies the top's own `bin`, `lib*` and `sbin` into `usr`; gives which ones there were. */
  #mergeInto(source: number, usr: number): Merged[] {
    const merged: Merged[] = [];
    for (const { name, type } of this.#list(source)) {
      const text = nameText(name);
      if (!MERGED.test(text) || !this.#isDirectory(source, name, type)) continue;
      const from = this.#opened(source, name);
      const to = this.#directory(usr, name);
      this.#prefix = `${text}/`;
      this.#copy(from, to, new Set());
      this.#prefix = '';
      this.#done('copied');
      merged.push({ text, name, from, to });
    }
    return merged;
  }

  /** Copies what is below one directory into another one. */
  #copy(from: number, to: number, leaveOut: ReadonlySet<string>): void {
    const target = new Descent(to, 'enter');
    let depth = 0;
    const walk = this.#walk = new Walk(from, 'enter', {
      goOn: () => Atomics.load(this.#words, STOP) === 0,
      listed: (_, listing) => {
        this.#hasRef = listing.which(REF) !== 0;
        return 'all';
      },
      enters: (name) => {
        if (depth > 1) return true;
        const text = name();
        // The copy has its own, whatever the source has of that name.
        if (text === '.ref' && this.#isOurRef()) return false;
        return depth > 0 || !leaveOut.has(text);
      },
      file: (dirfd, name, type) => this.#file(dirfd, target.fd, name, type),
      entered: (_, name, fd) => {
        this.#refuseItself(fd);
        const made = this.#makeDirectory(target.fd, name);
        checkErrno(target.down(name), 'open');
        // It is to have those of this original alone, and so is all that is made in it.
        if (made === 'was there') removeAccessLists(target.fd);
        depth++;
        this.#done('copied');
      },
      leaving: (fd) => {
        if (depth > 0) copyAttributes(fd, target.fd);
      },
      left: () => {
        checkErrno(target.up(), 'open');
        depth--;
        return 'done';
      },
      failed: (syscall, errno) => {
        throw new CallFailed(syscall, errno);
      },
    });
    try {
      if (!walk.run()) throw new Stopped();
    } finally {
      target.close();
    }
  }

  /** The directory of copies may be mounted in the source, and then a copy would never be complete. */
  #refuseItself(fd: number): void {
    checkErrno(this.#status.of(fd), 'statx');
    if (this.#status.identity === this.#copies) throw new CallFailed('open', ELOOP);
  }

  #file(from: number, to: number, name: number, type: number): 'directory' | 'done' {
    const isRef = this.#hasRef && this.#walk!.name === '.ref';
    let copied = isRef
      ? this.#entries.makeRef(from, to, name)
      : this.#entries.copy(from, to, name, type);
    // Where two directories become one, a link to the other place would lead to itself.
    if (
      copied === 'taken' && type !== DT_LNK && !this.#isOurRef() && this.#entries.isLink(to, name)
    ) {
      check(this.#calls.unlinkat(to, name, 0), 'unlink');
      copied = this.#entries.copy(from, to, name, type);
    }
    if (copied === 'directory') return copied;
    this.#done(copied === 'copied' ? copied : 'passed over');
    if (typeof copied === 'object') this.skipped.push({ path: this.path, why: copied.leftOut });
    else if (copied === 'taken' && type !== DT_LNK && !this.#isOurRef()) {
      this.skipped.push({ path: this.path, why: 'taken' });
    }
    return 'done';
  }

  #done(what: 'copied' | 'passed over'): void {
    if (what === 'copied') this.entries++;
    Atomics.add(this.#words, DONE, 1);
  }

  /** The names that were taken before the walk began. */
  #isOurRef(): boolean {
    return this.path === '.ref' || this.path === 'usr/.ref';
  }

  #makeDirectory(target: number, name: Name): 'new' | 'was there' {
    if (this.#calls.mkdirat(target, name, 0o700) !== -1) return 'new';
    check(-1, 'mkdir', EEXIST);
    if (!this.#entries.isLink(target, name)) return 'was there';
    check(this.#calls.unlinkat(target, name, 0), 'unlink');
    check(this.#calls.mkdirat(target, name, 0o700), 'mkdir');
    return 'new';
  }

  /** What a container expects at the top and the copy has in `usr` only. */
  #linkTop(target: number, usr: number): void {
    for (const { name, type } of this.#list(usr)) {
      const text = nameText(name);
      if (!TOP.test(text) || !this.#isDirectory(usr, name, type)) continue;
      if (this.#status.at(target, name) !== ENOENT) continue;
      check(this.#calls.symlinkat(toName(`usr/${text}`), target, name), 'symlink');
    }
  }

  #list(directory: number): { name: Uint8Array; type: number }[] {
    this.#calls.lseek(directory, 0, 0);
    const listing = list(directory);
    if (typeof listing === 'number') throw new CallFailed('getdents64', listing);
    const entries = [];
    while (listing.next()) entries.push({ name: listing.nameBytes, type: listing.type });
    return entries;
  }

  #isDirectory(parent: number, name: Name, type: number): boolean {
    if (type !== DT_UNKNOWN) return type === DT_DIR;
    return this.#status.at(parent, name) === 0 && this.#status.type === DT_DIR;
  }
}
