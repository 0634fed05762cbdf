import { EACCES, ENOENT, EPERM, EXDEV } from '../src/linux/errno.ts';
import { fileCalls, toName } from '../src/linux/file-calls.ts';
import { DT_DIR, type Listing } from '../src/linux/listing.ts';
import { Status } from '../src/linux/status.ts';
import { LostWay, Walk } from '../src/linux/walk.ts';
import { Sum } from './sum.ts';
import { type FailedCall, FAILURES, type Noted, STOP, type Survey } from './tree-task.ts';
import { type SurveyTask, TOTAL } from './tree-task.ts';

/** What says that a directory is a runtime, or could be one. */
const SIGNS = ['.ref', 'usr', 'bin', 'lib', 'files'].map(toName);
const [REF, USR, BIN, LIB, FILES] = [1, 2, 4, 8, 16];
const FILES_NAME = SIGNS[4]!;
const HERE = toName('.');

const W_OK = 2;
const X_OK = 1;
const AT_EACCESS = 0x200;
const STICKY = 0o1000;

/**
 * Looks through a tree before it is copied or deleted, and changes nothing. A remover must know first
 * by which locks any part of it may be in use, and whether something is mounted in it.
 */
export function surveyTree(task: SurveyTask): Survey {
  return new TreeSurvey(task, Infinity).run();
}

/** The same for a tree with few entries, on any thread; `undefined` for one with more. */
export function surveySmallTree(task: SurveyTask, limit: number): Survey | undefined {
  const survey = new TreeSurvey(task, limit);
  const found = survey.run();
  return survey.isBeyond ? undefined : found;
}

class TreeSurvey {
  readonly #task: SurveyTask;
  readonly #calls = fileCalls();
  readonly #status = new Status();
  readonly #above = new Status();
  readonly #sum = new Sum();
  readonly #noted: Noted[] = [];
  /** Which of them lead to the present directory, from the root on, as far as they are noted. */
  readonly #way: number[] = [];
  readonly #obstacles: FailedCall[] = [];
  readonly #uid: number;
  readonly #limit: number;
  #total = 0;
  #walk!: Walk;

  constructor(task: SurveyTask, limit: number) {
    this.#task = task;
    this.#limit = limit;
    this.#uid = this.#calls.geteuid();
  }

  /** Whether there were more entries than allowed, and the survey has ended there. */
  get isBeyond(): boolean {
    return this.#total > this.#limit;
  }

  run(): Survey {
    const { words, tree, before } = this.#task;
    const dry = before === 'dry run';
    const forGood = before !== 'copy';
    if (dry && this.#status.of(tree) === 0) this.#sum.add(this.#status);
    this.#walk = new Walk(tree, before === 'copy' ? 'enter' : 'refuse', {
      goOn: () => Atomics.load(words, STOP) === 0 && !this.isBeyond,
      listed: (fd, listing) => {
        this.#total += listing.length;
        // Few filesystems do not say in a listing what an entry is.
        const told = this.#lookForSigns(listing);
        if (!dry) return told ? 'only directories' : 'all';
        this.#lookForRights(fd, listing);
        return 'all';
      },
      file: (dirfd, name) => {
        const known = this.#status.at(dirfd, name) === 0;
        if (known && this.#status.type === DT_DIR) return 'directory';
        if (known && dry) this.#wouldGo(dirfd);
        return 'done';
      },
      entered: (parent, _name, fd) => {
        this.#way.length = Math.min(this.#way.length, this.#walk.depth - 1);
        if (dry && this.#status.of(fd) === 0) this.#wouldGo(parent);
      },
      failed: (syscall, errno) => {
        // What cannot be looked into may be in use; what has gone is nobody's obstacle.
        if (errno === EXDEV || (forGood && errno !== ENOENT)) this.#obstacle(syscall, errno);
      },
    });
    const stopped = !this.#end();
    Atomics.store(words, TOTAL, this.#total);
    return {
      stopped,
      total: this.#total,
      bytes: this.#sum.bytes,
      inodes: this.#sum.inodes,
      noted: this.#noted,
      obstacles: this.#obstacles,
    };
  }

  #end(): boolean {
    try {
      return this.#walk.run();
    } catch (error) {
      // The work itself will find out; until then this is as much as is known.
      if (!(error instanceof LostWay)) throw error;
      return true;
    }
  }

  /**
   * Finds out by which lock the directory, or its `files/`, may be in use; tells whether it is known of
   * each entry what it is.
   */
  #lookForSigns(listing: Listing): boolean {
    const has = listing.which(SIGNS);
    if (has !== 0) this.#noteSigns(has);
    return listing.isTyped;
  }

  #noteSigns(has: number): void {
    if (has & REF!) this.#mark('ref');
    else if (has & USR! || (has & BIN! && has & LIB!)) this.#mark('unmarked');
    if (has & FILES!) this.#noted.push({ up: this.#here(), name: FILES_NAME, mark: 'unmarked' });
  }

  #mark(mark: 'ref' | 'unmarked'): void {
    const noted = this.#noted[this.#here()];
    // Whoever deletes the tree takes the locks of its root anyway.
    if (noted !== undefined) noted.mark = mark;
  }

  /** Notes the present directory and those that lead there; gives its index, -1 for the root. */
  #here(): number {
    const { depth } = this.#walk;
    while (this.#way.length < depth) {
      const name = this.#walk.nameAt(this.#way.length);
      this.#noted.push({ up: this.#way.at(-1) ?? -1, name });
      this.#way.push(this.#noted.length - 1);
    }
    return this.#way.at(-1) ?? -1;
  }

  /** Makes sure that what is in the directory could be deleted. */
  #lookForRights(fd: number, listing: Listing): void {
    listing.rewind();
    if (!listing.next()) return;
    if (this.#calls.faccessat(fd, HERE, W_OK | X_OK, AT_EACCESS) === -1) {
      this.#obstacle('access', this.#calls.errno());
    }
  }

  /** Counts what would be deleted, and notes what would not. */
  #wouldGo(parent: number): void {
    this.#sum.add(this.#status);
    if (this.#status.fixed) this.#obstacle('unlink', EPERM);
    if (this.#uid === 0 || this.#status.uid === this.#uid) return;
    // Of a sticky directory only the owner may delete what belongs to others.
    if (this.#above.of(parent) !== 0 || (this.#above.permissions & STICKY) === 0) return;
    if (this.#above.uid !== this.#uid) this.#obstacle('unlink', EACCES);
  }

  #obstacle(syscall: string, errno: number): void {
    if (this.#obstacles.length >= FAILURES) return;
    this.#obstacles.push({ path: this.#walk.path, syscall, errno });
  }
}
